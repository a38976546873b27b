import { parseClaimName } from '../pool/claim-name.js';
import type { Claim } from './claim.js';
import { lockedBy, MULTI_SLOT_LOCK } from './locks.js';
import { isReady, listLocks, listWanting, noteName, type Wanting, wakeNext } from './wake-waiters.js';

/*
 * Processes that wait for a token form a queue, in the order in which they started. Only the first reads the FIFO: otherwise a
 * token that comes back would wake them all. The queue is the notes about a lock that nobody ever takes. A process that leaves
 * it wakes the next one. Dead and stopped processes do not count; each process looks now and then whether the one just ahead of
 * it is still there. The model of this is test/model/queue.pml.
 */

/** The lock that the notes of processes that wait for a token are about. It is always free. */
const TOKEN_QUEUE = 'token';

/** The process just ahead of a claim in a queue. */
export interface Ahead extends Wanting {
  /** Its place in the queue, from 1. */
  place: number;
}

/** Returns the lock in whose queue the claim has to wait now; undefined if it may take whatever comes. */
export function queueOf({ pool, hasMultiSlotLock }: Claim, count: number): string | undefined {
  if (count > 1 && !hasMultiSlotLock) return MULTI_SLOT_LOCK;
  // In the pool of another user nobody but root may wake root.
  return pool.user === undefined ? TOKEN_QUEUE : undefined;
}

/**
 * Finds the process just ahead of a claim in its queue; if the claim is not in it yet, all that are.
 * @returns undefined if there is none that can go on
 */
export function findAhead(claim: Claim, count: number): Ahead | undefined {
  const queue = queueOf(claim, count);
  return queue === undefined ? undefined : findAheadIn(queue, claim);
}

/** Does what findAhead() does, in a queue of that name. */
export function findAheadIn(queue: string, claim: Claim): Ahead | undefined {
  const self = parseClaimName(claim.id)?.holder;
  const waiting = listWanting(listLocks(claim.pool), queue).filter(({ waits }) => waits);
  const own = waiting.findIndex(({ id }) => id === self);
  const index = waiting.slice(0, own < 0 ? waiting.length : own).findLastIndex(({ id }) => isReady(id));
  const ahead = waiting[index];
  return ahead && { ...ahead, place: index + 1 };
}

/** Returns whether a process waits for slots that can go on. */
export const isAnyWaiting = (claim: Claim): boolean => [1, 2].some((count) => findAhead(claim, count) !== undefined);

/** Wakes the first of those that wait for several slots. */
export const wakeCollector = ({ pool }: Claim): void => wakeNext(MULTI_SLOT_LOCK, listLocks(pool));

/** Lists the names of the claims that wait in a claim's queue. */
export const listWaiting = (claim: Claim, count: number): string[] =>
  listWaitingIn(queueOf(claim, count) ?? TOKEN_QUEUE, claim);

/** Lists the names of the claims that wait in a queue of a claim's pool. */
export function listWaitingIn(queue: string, { pool }: Claim): string[] {
  const prefix = noteName('waits', queue, '');
  return listLocks(pool).flatMap((name) => (name.startsWith(prefix) ? [name.slice(prefix.length)] : []));
}

/** Returns whether the process is still in the queue, and can go on: one that has got its slots may live for long. */
export const isStillAhead = ({ pool }: Claim, { id, note }: Ahead): boolean =>
  isReady(id) && lockedBy(pool, note) !== undefined;
