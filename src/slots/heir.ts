import type { Pool } from '../pool/pool.js';
import { isAlive, type ProcessId } from '../process/process-table.js';
import { listClaims, readClaim } from './claim-record.js';
import { lockedBy, slotLock } from './lock.js';
import { listLocks, listWanting, wakeNext } from './notes.js';

/*
 * A js-run that a job started in the background runs in the slot that the job's own js-run gave, and may outlive both: then
 * that slot is its, and the claim of the first one stays, under the name HEIR-FORMER, as long as the heir holds the slot.
 */

/** @returns the js-run whose job's slot the claim is: its first holder */
const formerHolder = (id: string): ProcessId => id.replace(/^.*-|[@~].*/g, '') as ProcessId;

/** @returns the name of the claim of that one as the heir's, in the same pid namespace */
const nameOfHeir = (heir: ProcessId, id: string): string => `${heir}-${id.slice(id.indexOf('-') + 1)}`;

const lockBelow = (id: string): string => slotLock(`below-${formerHolder(id)}`);

/** @returns whether a claim has the slot that a claim of that name gives to its job: both are in use as long as it has */
export const isSlotTaken = (pool: Pick<Pool, 'folder'>, id: string): boolean =>
  lockedBy(pool, lockBelow(id)) !== undefined;

/**
 * Finds who goes on in the slot of a claim whose job has ended: the claim that has it, or one that waits for it and would wait
 * for ever, where all slots are held so.
 * @returns the name under which the claim is the heir's; undefined where there is none
 */
export function findHeir(pool: Pool, id: string): string | undefined {
  const lock = lockBelow(id);
  const names = listLocks(pool);
  if (names.includes(lock)) {
    const inode = lockedBy(pool, lock);
    const heirs = listClaims(pool).map((other) => readClaim(pool, other));
    const heir = heirs.find((other) => other !== undefined && other.inode === inode);
    return heir === undefined ? undefined : nameOfHeir(heir.holder, id);
  }
  const waiter = listWanting(names, lock).find((other) => other.waits && isAlive(other.id));
  // It finds the claim under its name by then, or when it looks next.
  if (waiter !== undefined) wakeNext(lock, names);
  return waiter === undefined ? undefined : nameOfHeir(waiter.id, id);
}
