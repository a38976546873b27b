import { tryTakeToken } from '../pool/take-token.js';
import type { ProcessId } from '../process/process-table.js';
import { type Claim, recordToken } from './claim.js';
import { freeLock, freeLockFor, MULTI_SLOT_LOCK, tryLock, tryLockSlot } from './locks.js';
import { findAhead } from './token-queue.js';

/**
 * Takes what is free now: the slot owner's implicit slot, then tokens, if no other process is to have them first.
 * @param count how many slots the claim is to hold in the end
 * @param jumpsQueue whether to take a token that others wait for, as a command does that does not wait itself
 * @returns whether it holds them all
 * @throws JobserverError 'no-pool' if nobody has a pool of somebody else's open
 */
export function tryTakeSlots(claim: Claim, count: number, jumpsQueue = false): boolean {
  if (count > 1 && !takeMultiSlotLock(claim)) return false;
  if (claim.held < count && tryLockSlot(claim)) claim.held++;
  if (claim.held < count && !jumpsQueue && findAhead(claim, count) !== undefined) return false;
  while (claim.held < count) {
    const byte = tryTakeToken(claim.pool);
    if (byte === undefined) return false;
    recordToken(claim, byte);
  }
  if (claim.hasMultiSlotLock) settleForHeld(claim);
  return true;
}

/** Lets the next claim for more than one slot take them, because this one takes no more. */
export function settleForHeld(claim: Claim): void {
  freeLock(claim.pool, MULTI_SLOT_LOCK);
  claim.hasMultiSlotLock = false;
}

/** Lets another process take its several slots first. */
export function leaveTurnTo(claim: Claim, other: ProcessId): void {
  claim.hasMultiSlotLock = false;
  freeLockFor(claim.pool, MULTI_SLOT_LOCK, other);
}

/**
 * Takes tokens that are free now, without waiting, until the claim holds that many slots.
 * @returns how many it holds then
 * @throws as tryTakeSlots
 */
export function takeMore(claim: Claim, most: number): number {
  while (claim.held < most) {
    const byte = tryTakeToken(claim.pool);
    if (byte === undefined) break;
    recordToken(claim, byte);
  }
  return claim.held;
}

/** Takes the lock of claims for more than one slot: only one of them takes slots at a time. @returns whether the claim has it now */
function takeMultiSlotLock(claim: Claim): boolean {
  if (!claim.hasMultiSlotLock) claim.hasMultiSlotLock = tryLock(claim, MULTI_SLOT_LOCK);
  return claim.hasMultiSlotLock;
}
