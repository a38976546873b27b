import { readMemory } from '../process/free-memory.js';
import { type Claim, recordMemory } from './claim.js';
import { freeLock, removeNotes, tryLock } from './locks.js';
import { MEMORY_LOCK } from './memory-queue.js';
import { countUnused, mustWait } from './memory-rule.js';
import { readMemoryUsers } from './memory-users.js';

/** The memory that a claim wants. */
export interface Wanted {
  bytes: number;
  /** Whether that is for each slot: then it is reserved for up to `most` of them, and at least for `count`. */
  perSlot: boolean;
  count: number;
  most: number;
}

/**
 * Reserves memory for a claim if there is enough, and ends its wait in the queue.
 * @param isInSlot as for mustWait()
 * @returns `busy` if another process is just deciding
 * @throws JobserverError 'failed'; 'no-pool' if the pool has ended
 */
export function tryGrant(claim: Claim, wanted: Wanted, isInSlot: boolean): 'yes' | 'no' | 'busy' {
  // First without the lock: a process that is stopped while it has that keeps all others waiting.
  if (findGrant(claim, wanted, isInSlot) === undefined) return 'no';
  if (!tryLock(claim, MEMORY_LOCK)) return 'busy';
  try {
    const bytes = findGrant(claim, wanted, isInSlot);
    if (bytes === undefined) return 'no';
    recordMemory(claim, bytes);
    // Before others look: they pass over the claims that wait.
    removeNotes(claim);
    return 'yes';
  } finally {
    freeLock(claim.pool, MEMORY_LOCK);
  }
}

/** Returns how many bytes the claim may have now; undefined if it has to wait. */
function findGrant(claim: Claim, { bytes, perSlot, count, most }: Wanted, isInSlot: boolean): number | undefined {
  const users = readMemoryUsers(claim);
  const availableBytes = readMemory().freeBytes - countUnused(users);
  const least = perSlot ? count : 1;
  if (availableBytes < bytes * least && mustWait(users, isInSlot)) return undefined;
  if (!perSlot) return bytes;
  return bytes * Math.max(count, Math.min(most, Math.floor(availableBytes / bytes)));
}
