import { linkSync, statSync, unlinkSync } from 'node:fs';
import { cannot, errorCode } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import { createFolders, locksFolder } from '../pool/pool-folder.js';
import { poolIsGone } from '../pool/take-token.js';
import { type ProcessId, pidOf } from '../process/process-table.js';
import { tryStat } from '../try-stat.js';
import type { Claim } from './claim.js';
import { isSessionInClient } from './find-client-of-session.js';
import { hasSlot } from './implicit-slot.js';
import { claimFile } from './read-claim.js';
import type { SlotOwner } from './slot-owner.js';
import { listLocks, lockOfNote, noteName, tryWake, wakeNext } from './wake-waiters.js';

/** The lock that a claim for more than one slot has while it takes them: two that each have a part wait for ever (PROTOCOL 25). */
export const MULTI_SLOT_LOCK = 'several';

/** The lock of a slot owner's implicit slot. */
export const slotLock = (owner: SlotOwner): string => `slot-${owner}`;

const lockFile = (pool: Pick<Pool, 'folder'>, name: string): string => `${locksFolder(pool.folder)}/${name}`;

/**
 * Takes a lock of the pool without waiting. The lock is a hard link to the claim's file: it is there at once and whole, and its
 * inode says which claim has it. Only the process that returns the claim removes it (UNLOCK_ANY in test/model/slots.pml).
 * @returns whether the claim has it now
 */
export function tryLock(claim: Claim, name: string): boolean {
  try {
    linkSync(claimFile(claim.pool, claim.id), lockFile(claim.pool, name));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    if (errorCode(error) === 'ENOENT') {
      // The claim itself is removed only with the whole pool; the folder of the locks also with the last claim before this one.
      if (tryStat(claimFile(claim.pool, claim.id)) === undefined) throw poolIsGone(claim.pool);
      createFolders(claim.pool.folder);
      return tryLock(claim, name);
    }
    throw cannot('take the lock', lockFile(claim.pool, name), error);
  }
}

/** Takes the slot owner's implicit slot, if it is free. @returns whether the claim has it now */
export function tryLockSlot(claim: Claim): boolean {
  const { pool, owner, implicit } = claim;
  if (owner === undefined || implicit || !tryLock(claim, slotLock(owner))) return false;
  try {
    // Only now: a process that gives the owner's slot back makes that visible here before it looks at the lock.
    claim.implicit = hasSlot(pool, owner) && !isInClient(pool, owner);
  } finally {
    // Even if that fails, for lack of descriptors: nothing else knows of the lock yet.
    if (!claim.implicit) remove(pool, slotLock(owner));
  }
  return claim.implicit;
}

/** Returns whether a client that needs no claim, such as make, runs in the slot. */
const isInClient = (pool: Pool, owner: SlotOwner): boolean =>
  owner.startsWith('session-') && isSessionInClient(pool, owner.slice('session-'.length) as ProcessId);

/** Frees a lock that this process's claim has, and wakes the next process that wants it. */
export function freeLock(pool: Pool, name: string): void {
  remove(pool, name);
  wakeNext(name, listLocks(pool));
}

/** Frees a lock that this process's claim has, for one of those that want it. */
export function freeLockFor(pool: Pool, name: string, other: ProcessId): void {
  remove(pool, name);
  tryWake(pidOf(other));
}

function remove(pool: Pool, name: string): void {
  try {
    unlinkSync(lockFile(pool, name));
  } catch (error) {
    // It is gone if the whole pool is.
    if (errorCode(error) !== 'ENOENT') throw cannot('free the lock', lockFile(pool, name), error);
  }
}

/** Frees a lock if the claim whose file has that inode has it; another claim's lock of that name stays. */
export function unlock(pool: Pool, name: string, inode: number): void {
  const file = lockFile(pool, name);
  if (statSync(file, { throwIfNoEntry: false })?.ino === inode) freeLock(pool, name);
}

/** Returns the inode of the claim that has the lock, undefined if it is free. */
export const lockedBy = (pool: Pick<Pool, 'folder'>, name: string): number | undefined =>
  tryStat(lockFile(pool, name))?.ino;

/**
 * Notes that the claim wants a lock, for the process that frees it.
 * @returns whether the note is new: then the lock may have been freed just before
 */
export function note(claim: Claim, reason: 'waits' | 'spares', lock: string): boolean {
  const name = noteName(reason, lock, claim.id);
  if (claim.notes.includes(name)) return false;
  tryLock(claim, name);
  claim.notes.push(name);
  return true;
}

/** Removes the claim's notes, and wakes the next process for a lock that this one was woken for and did not take. */
export function removeNotes(claim: Claim): void {
  const { pool, notes } = claim;
  claim.notes = [];
  for (const name of notes) remove(pool, name);
  if (notes.length === 0) return;
  const names = listLocks(pool);
  for (const lock of notes.map(lockOfNote)) if (lock !== undefined && !names.includes(lock)) wakeNext(lock, names);
}

/** Removes the notes of a claim that another process returns. */
export function removeNotesOf(pool: Pool, id: string): void {
  for (const name of listLocks(pool)) if (lockOfNote(name) !== undefined && name.endsWith(`+${id}`)) remove(pool, name);
}
