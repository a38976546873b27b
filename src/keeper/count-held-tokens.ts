import { isHandedOver, parseClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { isAlive, pidOf, readProcess, readSleep } from '../process/process-table.js';
import { isSlotTaken } from '../slots/find-heir.js';
import { type ClaimRecord, listClaims, readClaim } from '../slots/read-claim.js';

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

/**
 * @param steady whether the claim looked the same for a while, told by its name and what changes with each line of it
 * @returns undefined if the holder of a claim cannot be seen from here, so that nothing is known of it
 */
export function countHeld(pool: Pool, steady: (look: string) => boolean): HeldTokens | undefined {
  const held: HeldTokens = { claims: 0, tokens: 0, unsure: 0, waiting: false };
  for (const id of listClaims(pool)) {
    // Before its lines are read: who sleeps there has written down all that it has read.
    const holder = parseClaimName(id)?.holder;
    const sleep = holder && sleepOf(pidOf(holder));
    const claim = readClaim(pool, id);
    if (claim === undefined || claim.isFromEarlierBoot) continue;
    // It was made just now, and nothing is in it.
    const isEmpty = claim.namespace === '';
    if (!isEmpty && claim.namespace !== pidNamespace()) return undefined;
    held.claims++;
    const { returner } = claim.name;
    if (returner !== undefined) {
      // Of one that is half returned the tokens are taken to be back; what is not back is made good.
      if (isAlive(returner) || isSlotTaken(pool, claim.name)) held.unsure += claim.tokens.length;
      continue;
    }
    held.tokens += claim.tokens.length;
    // A token that goes back while its claim stays.
    if (isAlive(claim.name.holder)) held.unsure += claim.leaving;
    if (claim.job !== undefined || isFinal(claim)) continue;
    held.waiting = true;
    const asleep = sleep === 'unknown' ? steady([id, claim.inode, claim.written].join()) : sleep === 'epoll';
    if (!asleep) held.unsure++;
  }
  return held;
}

/**
 * What a process waits for. Node sleeps in epoll(7) if it has nothing to do. Asleep elsewhere (stopped by a freezer, by a disk
 * or a lock) it may have read a token and not have written it down.
 */
function sleepOf(pid: number): 'epoll' | 'no' | 'unknown' {
  if (readProcess(pid)?.state !== 'S') return 'no';
  const where = readSleep(pid);
  // Not each kernel says it, nor of each process.
  if (where === '' || where === '0') return 'unknown';
  return /epoll|^ep_/.test(where) ? 'epoll' : 'no';
}

/** What js-acquire has handed over, and what is left of the dead, takes and gives nothing. */
const isFinal = ({ name }: ClaimRecord): boolean => isHandedOver(name) || !isAlive(name.holder);
