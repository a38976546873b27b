import { type ClaimName, findTaker, nameHandedOver } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { isAlive } from '../process/process-table.js';
import { lockedBy, slotLock } from './locks.js';
import { listClaims, readClaim } from './read-claim.js';
import { listLocks, listWanting, wakeNext } from './wake-waiters.js';

/*
 * A js-run that a job started in the background runs in the slot that the job's own js-run gave, and may outlive both: then
 * that slot is its, and the claim of the first one stays, under the name HEIR-FORMER, as long as the heir holds the slot.
 */

/** @returns the lock of the slot that a claim gives to its job */
const lockBelow = (name: ClaimName): string => slotLock(`below-${findTaker(name)}`);

/** @returns whether another claim has the slot that a claim gives to its job: both are in use as long as it has */
export const isSlotTaken = (pool: Pick<Pool, 'folder'>, name: ClaimName): boolean =>
  lockedBy(pool, lockBelow(name)) !== undefined;

/**
 * Finds who goes on in the slot of a claim whose job has ended: the claim that has it, or one that waits for it and would wait
 * for ever, where all slots are held so.
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
  // It finds the claim under its name by then, or when it looks next.
  if (waiter !== undefined) wakeNext(lock, names);
  return waiter === undefined ? undefined : nameHandedOver(name, waiter.id);
}
