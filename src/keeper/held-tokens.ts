import { readdirSync } from 'node:fs';
import type { Pool } from '../pool/pool.js';
import {
  isAlive,
  listDescriptors,
  parseProcessId,
  pidNamespace,
  pidOf,
  readDescriptor,
  readProcess,
} from '../process/process-table.js';
import { type ClaimRecord, listClaims, readClaim } from '../slots/claim.js';

/** The tokens that are known to be outside the pool. */
export interface HeldTokens {
  count: number;
  /** Whether any claim waits for a slot. */
  waiting: boolean;
  /** Stays the same as long as the claims do. */
  stamp: string;
}

/**
 * Counts the tokens that claims hold.
 * @returns undefined where a claim is just changing, so that a token may be on its way
 */
export function countHeld(pool: Pool): HeldTokens | undefined {
  const held: HeldTokens = { count: 0, waiting: false, stamp: '' };
  for (const id of listClaims(pool)) {
    const claim = readClaim(pool, id);
    if (claim === undefined || isChanging(id, claim)) return undefined;
    // Of one that is half returned the tokens are taken to be back; what is not back is made good.
    const tokens = claim.returner === undefined ? claim.tokens.length : 0;
    held.count += tokens;
    held.waiting ||= mayTake(id, claim);
    held.stamp += `${id} ${tokens} ${claim.job}\n`;
  }
  return held;
}

/** A js-run with its job, and what js-acquire has handed over (its name has two parts), take nothing more. */
const mayTake = (id: string, { holder, job, returner }: ClaimRecord): boolean =>
  job === undefined && returner === undefined && id === holder && isAlive(holder);

/** @returns whether a token may have been taken and not yet written down, or written down and given back */
function isChanging(id: string, claim: ClaimRecord): boolean {
  if (claim.namespace !== pidNamespace()) return true;
  if (claim.returner !== undefined) return isAlive(claim.returner);
  // Between the read of a token and the line in the claim nothing sleeps.
  return mayTake(id, claim) && readProcess(pidOf(claim.holder))?.state !== 'S';
}

/**
 * @param link what readlink(2) says of a descriptor of the FIFO
 * @param exempt the pids that may have the FIFO open
 * @returns whether nobody else has it open than those and the holders of claims, whose tokens are known
 */
export function isOnlyOurs(pool: Pool, link: string, exempt: readonly number[]): boolean {
  const holders = listClaims(pool).map((id) => parseProcessId(/^\d+\.\d+/.exec(id)?.[0] ?? ''));
  const known = new Set([...exempt, ...holders.flatMap((id) => (id !== undefined && isAlive(id) ? pidOf(id) : []))]);
  return !readdirSync('/proc').some((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || known.has(pid)) return false;
    return listDescriptors(pid).some((fd) => readDescriptor(pid, fd) === link);
  });
}
