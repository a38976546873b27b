import type { Pool } from '../pool/pool.js';
import { isJob, type SlotOwner } from './slot-owner.js';
import { listLocks, wakeNext } from './wake-waiters.js';

/*
 * Processes that wait for memory form two queues, of which only the first of each looks. Those that run in a slot keep others
 * waiting, and do not stand behind those that may have to wait for that very slot: ONE_QUEUE in test/model/memory.pml.
 */

/** The queue of processes outside any slot. As with tokens, the queue is the notes about a lock that nobody ever takes. */
const MEMORY = 'memory';

/** The queue of processes that run in a slot. */
export const MEMORY_BELOW = 'memory-below';

export const MEMORY_QUEUES: readonly string[] = [MEMORY, MEMORY_BELOW];

/** The lock of the process that decides whether it may have memory, as long as it reads what others have. */
export const MEMORY_LOCK = 'memory-grant';

/** Returns the queue for a process. @param owner whose implicit slot it can use */
export const memoryQueueOf = (owner: SlotOwner | undefined): string => (isJob(owner) ? MEMORY_BELOW : MEMORY);

/** Wakes the first processes that wait for memory. */
export function wakeForMemory(pool: Pool): void {
  const names = listLocks(pool);
  for (const queue of MEMORY_QUEUES) wakeNext(queue, names);
}
