import { inodeOf } from '../pool/identity.js';
import { isOpenAs, type Pool } from '../pool/pool.js';
import {
  isAlive,
  listDescriptors,
  listProcesses,
  pidNamespace,
  pidOf,
  readArguments,
  readDescriptor,
  readInode,
  readProcess,
} from '../process/process-table.js';
import { type ClaimRecord, holderOf, listClaims, readClaim } from '../slots/claim-record.js';

/** The tokens that are outside the pool, as far as the claims tell. */
export interface HeldTokens {
  claims: number;
  /** Those that claims certainly hold. */
  tokens: number;
  /** How many more may be on their way: taken and not yet written down, or returned and not yet crossed out. */
  unsure: number;
  /** Whether any claim waits for a slot. */
  waiting: boolean;
}

/** @returns undefined where the holder of a claim cannot be seen from here, so that nothing is known of it */
export function countHeld(pool: Pool): HeldTokens | undefined {
  const held: HeldTokens = { claims: 0, tokens: 0, unsure: 0, waiting: false };
  for (const id of listClaims(pool)) {
    // Before its lines are read: between the read of a token and the line in the claim nothing sleeps.
    const asleep = readProcess(Number.parseInt(id, 10))?.state === 'S';
    const claim = readClaim(pool, id);
    if (claim === undefined || claim.past) continue;
    // It was made just now, and nothing is in it.
    const isEmpty = claim.namespace === '';
    if (!isEmpty && claim.namespace !== pidNamespace()) return undefined;
    held.claims++;
    if (claim.returner !== undefined) {
      // Of one that is half returned the tokens are taken to be back; what is not back is made good.
      if (isAlive(claim.returner)) held.unsure += claim.tokens.length;
      continue;
    }
    held.tokens += claim.tokens.length;
    // A token that goes back while its claim stays.
    if (isAlive(claim.holder)) held.unsure += claim.leaving;
    if (!mayTake(id, claim)) continue;
    held.waiting = true;
    if (!asleep) held.unsure++;
  }
  return held;
}

/** A js-run with its job, and what js-acquire has handed over (its name has two parts), take nothing more. */
const mayTake = (id: string, { holder, job }: ClaimRecord): boolean =>
  job === undefined && id === holder && isAlive(holder);

/**
 * @param link what readlink(2) says of a descriptor of the FIFO
 * @param exempt the pids that may have the FIFO open
 * @returns whether nobody else has it open than those and our own commands, whose tokens are in claims
 */
export function isOnlyOurs(pool: Pool, link: string, exempt: readonly number[]): boolean {
  const holders = listClaims(pool).map(holderOf);
  const known = new Set([...exempt, ...holders.flatMap((id) => (id !== undefined && isAlive(id) ? pidOf(id) : []))]);
  return !listProcesses().some((pid) => {
    if (known.has(pid)) return false;
    return listDescriptors(pid).some((fd) => leadsTo(pool, link, pid, fd)) && !isCommandOfOurs(pid);
  });
}

/** @returns whether the descriptor is of the FIFO, also where the process has it by another path, as in a container */
function leadsTo(pool: Pool, link: string, pid: number, fd: number): boolean {
  const other = readDescriptor(pid, fd);
  if (other === link) return true;
  // stat(2) of any file of anybody's can take for ever, where its server is gone; what /proc knows of it does not.
  if (!other?.startsWith('/') || readInode(pid, fd) !== inodeOf(pool.key)) return false;
  return isOpenAs(pool, pid, fd);
}

/** One that has no claim yet, or none any more, holds nothing. Only its name tells what it is. */
const isCommandOfOurs = (pid: number): boolean =>
  /(^|\/)js-(acquire|create|destroy|env|release|run)(\.js)?$/.test(readArguments(pid)[1] ?? '');
