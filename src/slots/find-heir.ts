import { type ClaimName, findTaker, nameHandedOver } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { isAlive } from '../process/process-table.js';
import { lockedBy, slotLock } from './locks.js';
import { listClaims, readClaim } from './read-claim.js';
import { listLocks, listWanting, wakeNext } from './wake-waiters.js';

/*
 * A js-run that a job has started in the background runs in the slot that the job's own js-run gave, and may outlive both. Then
 * it is the heir of that slot: the claim of the first js-run stays, under the name HEIR-FORMER, as long as the heir has the slot.
 * FORGET_HEIR in test/model/slots.pml shows what happens otherwise.
 */

/** Returns the lock of the slot that a claim gives to its job. */
const lockBelow = (name: ClaimName): string => slotLock(`below-${findTaker(name)}`);

/** Returns whether another claim has the slot that a claim gives to its job: as long as it has, both are in use. */
export const isSlotTaken = (pool: Pick<Pool, 'folder'>, name: ClaimName): boolean =>
  lockedBy(pool, lockBelow(name)) !== undefined;

/**
 * Finds the process that goes on in the slot of a claim whose job has ended: it has the slot, or it waits for it, and would do so
 * for ever if all slots were held like that.
 * @returns the name under which the claim is the heir's; undefined if there is none
 */
export function findHeir(pool: Pool, name: ClaimName): string | undefined {
  const lock = lockBelow(name);
  const names = listLocks(pool);
  if (names.includes(lock)) {
    const inode = lockedBy(pool, lock);
    const heirs = listClaims(pool).map((other) => readClaim(pool, other));
    const heir = heirs.find((other) => other !== undefined && other.inode === inode);
    return heir === undefined ? undefined : nameHandedOver(name, heir.name.holder);
  }
  const waiter = listWanting(names, lock).find((other) => other.waits && isAlive(other.id));
  // When it wakes, or looks next, the claim has its name.
  if (waiter !== undefined) wakeNext(lock, names);
  return waiter === undefined ? undefined : nameHandedOver(name, waiter.id);
}
