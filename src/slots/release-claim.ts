import { closeSync, constants, fstatSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { attempt, cannot, errorCode } from '../errors.js';
import {
  type ClaimName,
  formatClaimName,
  isReturning,
  nameHeld,
  nameReturning,
  parseClaimName,
} from '../pool/claim-name.js';
import { describePool, type Pool, reopen } from '../pool/pool.js';
import { removeUnusedFolders } from '../pool/pool-folder.js';
import { isAlive, type ProcessId, selfId } from '../process/process-table.js';
import { asUser } from '../process/user.js';
import type { Claim } from './claim.js';
import { findHeir, isSlotTaken } from './find-heir.js';
import { freeLock, MULTI_SLOT_LOCK, removeNotes, removeNotesOf, slotLock, unlock } from './locks.js';
import { MEMORY_LOCK, wakeForMemory } from './memory-queue.js';
import { claimFile, isHandedTo, listClaims, readClaim } from './read-claim.js';
import { traceEnd } from './trace.js';

/**
 * Returns everything that a claim on disk holds and removes it.
 * @param returner this process
 * @returns false if there is no such claim (any more): another process has returned it, and no token is put in twice
 * @throws JobserverError 'failed' if the pool does not take the tokens
 */
export function releaseClaim(pool: Pool, id: string, returner: ProcessId): boolean {
  const rename = (name: ClaimName) => (isSlotTaken(pool, name) ? nameHeld(name) : undefined);
  return asUser(pool.user, () => release(pool, id, returner, rename));
}

/** Does what releaseClaim() does. @param rename gives the name under which the claim stays, if its slot is still in use */
function release(pool: Pool, id: string, returner: ProcessId, rename: Renaming): boolean {
  const claim = readClaim(pool, id);
  if (claim === undefined) return false;
  // If two processes freed its locks, the later one could free another claim's.
  const { name, isFromEarlierBoot } = claim;
  const other = name.returner === returner ? undefined : name.returner;
  if (!isFromEarlierBoot && other !== undefined && isAlive(other)) return false;
  // A process that died while it returned this claim may have put its tokens back already. A token too many would break the promise
  // of N (RETURN_TWICE in test/model/slots.pml); one too few the keeper puts in.
  const isHalfReturned = isReturning(name);
  const taken = returnTokens(
    pool,
    name,
    isHalfReturned ? [] : claim.tokens,
    returner,
    isHalfReturned ? () => undefined : rename,
    claim.trace === undefined ? undefined : { file: claim.trace, inode: claim.inode },
  );
  if (taken === undefined) return false;
  if (claim.owner !== undefined) unlock(pool, slotLock(claim.owner), claim.inode);
  unlock(pool, MULTI_SLOT_LOCK, claim.inode);
  unlock(pool, MEMORY_LOCK, claim.inode);
  removeNotesOf(pool, nameHeld(name));
  removeClaim(pool, taken);
  if (claim.memoryBytes > 0) wakeForMemory(pool);
  return true;
}

/** Returns a claim that this process holds and knows all of, and claims that were left to it. @throws as releaseClaim() */
export const releaseOwnClaim = (claim: Claim): void => asUser(claim.pool.user, () => releaseOwn(claim));

function releaseOwn(claim: Claim): void {
  const { pool, id, tokens, implicit, memoryBytes, hasMultiSlotLock, owner, trace, fd } = claim;
  const self = selfId();
  const traced = trace === undefined ? undefined : { file: trace, inode: fstatSync(fd).ino };
  const name = parseClaimName(id) as ClaimName;
  const findRest = (left: ClaimName) => findHeir(pool, left);
  closeSync(fd);
  removeNotes(claim);
  const taken = returnTokens(pool, name, tokens, self, findRest, traced);
  // Otherwise it is gone with the pool, or an heir has it with all that it holds.
  if (taken !== undefined) {
    if (implicit && owner !== undefined) freeLock(pool, slotLock(owner));
    if (hasMultiSlotLock) freeLock(pool, MULTI_SLOT_LOCK);
    removeClaim(pool, taken);
    if (memoryBytes > 0) wakeForMemory(pool);
  }
  for (const left of listClaims(pool)) if (isHandedTo(name.holder, left)) release(pool, left, self, findRest);
}

/**
 * Returns what this process's claim holds, after an error that says more than any error of its own. What cannot be returned now, a
 * sweeper returns when this process has ended.
 */
export function abandonClaim(claim: Claim): void {
  try {
    releaseOwnClaim(claim);
  } catch {
    // The caller has the error that counts.
  }
}

type Renaming = (name: ClaimName) => string | undefined;

/** The trace that a claim's job has begun in, and the inode of the claim. */
interface Traced {
  file: string;
  inode: number;
}

/**
 * Makes the claim this process's alone, and then puts its tokens back: PUT_FIRST in test/model/slots.pml is the other order.
 * @param rename is called when nobody can begin to use the claim's slot any more; gives the name under which the claim stays, if
 *   another process uses its slot by then
 * @returns the claim's file, which is this process's alone from now on; undefined if somebody else was first
 */
function returnTokens(
  pool: Pool,
  name: ClaimName,
  tokens: readonly number[],
  returner: ProcessId,
  rename: Renaming,
  traced: Traced | undefined,
): string | undefined {
  const file = claimFile(pool, formatClaimName(name));
  const taken = claimFile(pool, nameReturning(name, returner));
  const pipe = tokens.length === 0 ? undefined : openForWriting(pool);
  try {
    // Of all processes that try, one wins the rename.
    renameSync(file, taken);
  } catch (error) {
    if (pipe !== undefined) closeSync(pipe);
    if (errorCode(error) === 'ENOENT') return undefined;
    throw cannot('return the claim', file, error);
  }
  try {
    // Before another job can have the slots.
    if (traced !== undefined) traceEnd(pool, traced.file, traced.inode);
    const other = rename(name);
    if (other !== undefined) {
      renameSync(taken, claimFile(pool, other));
      return undefined;
    }
    if (pipe !== undefined)
      attempt('return a token to the pool', describePool(pool), () => writeSync(pipe, Uint8Array.from(tokens)));
    return taken;
  } catch (error) {
    // A pipe takes as few bytes whole or not at all (pipe(7)). With its old name back, anybody may try again.
    renameSync(taken, file);
    throw error;
  } finally {
    if (pipe !== undefined) closeSync(pipe);
  }
}

function removeClaim(pool: Pool, taken: string): void {
  try {
    // Not rmSync(), which loads a module of its own at every start.
    unlinkSync(taken);
  } catch (error) {
    // Gone with the pool.
    if (errorCode(error) !== 'ENOENT') throw cannot('remove the claim', taken, error);
  }
  if (pool.record === undefined) removeUnusedFolders(pool.folder);
}

/** Returns a token that no claim records. */
export function putToken(pool: Pool, byte: number): void {
  const pipe = openForWriting(pool);
  try {
    attempt('return a token to the pool', describePool(pool), () => writeSync(pipe, Uint8Array.of(byte)));
  } finally {
    closeSync(pipe);
  }
}

// For just the moment of the write: a root make waits at its end until nobody has the pool open for writing (PROTOCOL 13).
function openForWriting(pool: Pool): number {
  return attempt('return a token to the pool', describePool(pool), () =>
    reopen(pool, constants.O_WRONLY | constants.O_NONBLOCK),
  );
}
