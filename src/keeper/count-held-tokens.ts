import { isHandedOver, parseClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { isAlive, pidOf, readProcess, readSleep } from '../process/process-table.js';
import { isSlotTaken } from '../slots/find-heir.js';
import { type ClaimRecord, listClaims, readClaim } from '../slots/read-claim.js';

/** The tokens that are outside the pool, as far as the claims record them. */
export interface HeldTokens {
  claims: number;
  /** How many tokens claims certainly hold. */
  tokens: number;
  /** How many more may be on their way: read and not yet recorded, or returned and not yet crossed out. */
  unsure: number;
  /** Whether any claim waits for a slot. */
  waiting: boolean;
}

/**
 * Counts the tokens that the claims of a pool hold: `look_around` in test/model/slots.pml.
 * @param isSteady whether a claim has looked the same for a while, given a text that changes with each of its lines
 * @returns undefined if the holder of a claim cannot be seen from here, so that nothing is known of it
 */
export function countHeld(pool: Pool, isSteady: (look: string) => boolean): HeldTokens | undefined {
  const held: HeldTokens = { claims: 0, tokens: 0, unsure: 0, waiting: false };
  for (const id of listClaims(pool)) {
    // Before its lines are read: a process that sleeps there has recorded all that it has read (READ_BEFORE_SLEEP in the model).
    const holder = parseClaimName(id)?.holder;
    const sleep = holder && sleepOf(pidOf(holder));
    const claim = readClaim(pool, id);
    if (claim === undefined || claim.isFromEarlierBoot) continue;
    // It was just made, and nothing is in it.
    const isEmpty = claim.namespace === '';
    if (!isEmpty && claim.namespace !== pidNamespace()) return undefined;
    // It may have any number of tokens just now (slots/count-tokens.ts).
    if (claim.isCounting && isAlive(claim.name.holder)) return undefined;
    held.claims++;
    const { returner } = claim.name;
    if (returner !== undefined) {
      // If its returner died, its tokens count as back: a repair puts in those that are not.
      if (isAlive(returner) || isSlotTaken(pool, claim.name)) held.unsure += claim.tokens.length;
      continue;
    }
    held.tokens += claim.tokens.length;
    // A token that goes back while its claim stays (FORGET_LEAVING in the model).
    if (isAlive(claim.name.holder)) held.unsure += claim.leaving;
    if (claim.job !== undefined || isFinal(claim)) continue;
    held.waiting = true;
    const asleep = sleep === 'unknown' ? isSteady([id, claim.inode, claim.writtenMs].join()) : sleep === 'epoll';
    if (!asleep) held.unsure++;
  }
  return held;
}

/**
 * Returns what a process waits for. Node sleeps in epoll(7) if it has nothing to do. Asleep elsewhere (in a freezer, at a disk or a
 * lock) it may have read a token and not have recorded it: SLEEP_ANYWHERE in test/model/slots.pml.
 */
function sleepOf(pid: number): 'epoll' | 'no' | 'unknown' {
  if (readProcess(pid)?.state !== 'S') return 'no';
  const kernelFunction = readSleep(pid);
  // Not every kernel says it, nor of every process.
  if (kernelFunction === '' || kernelFunction === '0') return 'unknown';
  return /epoll|^ep_/.test(kernelFunction) ? 'epoll' : 'no';
}

/** Returns whether a claim takes and gives nothing any more: js-acquire has handed it over, or its holder is dead. */
const isFinal = ({ name }: ClaimRecord): boolean => isHandedOver(name) || !isAlive(name.holder);
