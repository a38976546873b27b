import { type ClaimName, findTaker, isHandedOver } from '../pool/claim-name.js';
import { leadsTo } from '../pool/find-openers.js';
import type { Pool } from '../pool/pool.js';
import { readRecord } from '../pool/pool-record.js';
import { listDescriptors } from '../process/process-descriptors.js';
import { listProcesses, type ProcessId, pidOf, readProcess, selfAtStart } from '../process/process-table.js';
import { hasSlot } from './implicit-slot.js';
import { lockedBy, MULTI_SLOT_LOCK, slotLock } from './locks.js';
import { MEMORY_BELOW } from './memory-queue.js';
import { type ClaimRecord, isHandle, listClaims, readClaim } from './read-claim.js';
import type { SlotOwner } from './slot-owner.js';
import { doOnlyWait, listAbove, listWaitingClaims } from './waiting-trees.js';
import { isReady, listLocks, listWanting } from './wake-waiters.js';

/*
 * Slots that cannot come back before somebody has got more: their holder waits for slots itself, or is a shell that waits for a
 * command which does. The model of this is test/model/several.pml.
 */

/**
 * Returns how many slots of the pool the processes above this one keep, by js-acquire, at least until this one has ended.
 * @param owner whose implicit slot this process can use
 */
export function countKeptAbove(pool: Pool, owner: SlotOwner | undefined): number {
  const above = new Set(listAbove(selfAtStart().parent, new Map()));
  const handles = readHandles(readClaims(pool));
  return countSlots(
    pool,
    handles.filter(({ name }) => above.has(name.holder) && !isOf(owner, name)),
  );
}

/**
 * Returns whether no slot of the pool can come back, because all that runs in it waits for slots. So it is if each of as many recipes
 * as there are slots wants one more: no protocol lets a recipe give its own slot back.
 */
export function isStalled(pool: Pool): boolean {
  const waits = listWaiting(pool);
  const claims = readClaims(pool);
  const known = new Map<number, readonly ProcessId[]>();
  const [waiting, others] = [true, false].map((isWaiting) =>
    [...claims].flatMap(([id, claim]) => (waits.has(id) === isWaiting ? claim : [])),
  ) as [ClaimRecord[], ClaimRecord[]];
  const above = new Set(waiting.flatMap(({ name }) => listAbove(pidOf(name.holder), known)));
  return doOnlyWait(others, above, above) && !isUsedBeside(pool, above);
}

/** Returns whether another process has the pool open, as far as we may look: it may have taken a token. */
function isUsedBeside({ key, record, folder }: Pool, above: ReadonlySet<ProcessId>): boolean {
  const keeper = readRecord(folder)?.keeper;
  return listProcesses().some((pid) => {
    const entry = readProcess(pid);
    if (entry === undefined || above.has(entry.id) || entry.id === keeper) return false;
    return listDescriptors(pid).some((fd) => leadsTo(key, record?.path, pid, fd));
  });
}

/** Finds the oldest process that waits for its turn to take several slots and has an implicit slot to start with. */
export function findOneToSettle(pool: Pool): ProcessId | undefined {
  const locks = listLocks(pool);
  const waiting = listWanting(locks, MULTI_SLOT_LOCK).filter(({ waits, id }) => waits && isReady(id));
  const canSettle = (owner: SlotOwner) => !locks.includes(slotLock(owner)) && hasSlot(pool, owner);
  return waiting.find(({ note }) => {
    const owner = readClaim(pool, note.slice(note.lastIndexOf('+') + 1))?.owner;
    return owner !== undefined && canSettle(owner);
  })?.id;
}

/**
 * Returns whether isStalled() may be true, by the names of the claims alone: no claim is that of a job that runs. With jobs that
 * wait for what they started it may be true although this is not.
 */
export function mayBeStalled(pool: Pool): boolean {
  const waiting = listWaiting(pool);
  return listClaims(pool).every((id) => isHandle(id) || waiting.has(id));
}

/**
 * Returns the names of the claims that wait. One that is in a slot and waits for memory will go on without any other slot: in
 * the end it waits for a job that runs.
 */
const listWaiting = (pool: Pool): ReadonlySet<string> =>
  listWaitingClaims(listLocks(pool), (lock) => lock !== MEMORY_BELOW);

/** Returns whether a claim is what a js-run, the slot owner, has left to a process below it. */
const isOf = (owner: SlotOwner | undefined, name: ClaimName): boolean => owner === `below-${findTaker(name)}`;

const readClaims = (pool: Pool): Map<string, ClaimRecord> =>
  new Map(
    listClaims(pool).flatMap((id): [string, ClaimRecord][] => {
      const claim = readClaim(pool, id);
      return claim === undefined ? [] : [[id, claim]];
    }),
  );

/** Returns the claims that js-acquire has handed over. */
const readHandles = (claims: Map<string, ClaimRecord>): ClaimRecord[] =>
  [...claims.values()].filter(({ name }) => isHandedOver(name));

/** Counts the slots that the claims hold. */
function countSlots(pool: Pool, claims: readonly ClaimRecord[]): number {
  if (claims.length === 0) return 0;
  const slots = listLocks(pool).filter((name) => name.startsWith('slot-'));
  const inodes = slots.map((name) => lockedBy(pool, name));
  const inodesOf = new Set(claims.map(({ inode }) => inode));
  const implicit = inodes.filter((inode) => inode !== undefined && inodesOf.has(inode)).length;
  return claims.reduce((sum, { tokens }) => sum + tokens.length, implicit);
}
