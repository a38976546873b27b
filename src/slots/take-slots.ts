import { tryTakeToken } from '../pool/take-token.js';
import { type Claim, recordToken } from './claim.js';
import { freeLock, MULTI_SLOT_LOCK, tryLock, tryLockSlot } from './locks.js';

/**
 * Takes what is free now: the slot owner's implicit slot, then tokens.
 * @param count how many slots the claim is to hold in the end
 * @returns whether it holds them all
 * @throws JobserverError 'no-pool' if nobody has a pool of somebody else's open
 */
export function tryTakeSlots(claim: Claim, count: number): boolean {
  if (!mayTakeTokens(claim, count)) return false;
  if (claim.held < count && tryLockSlot(claim)) claim.held++;
  while (claim.held < count) {
    const byte = tryTakeToken(claim.pool);
    if (byte === undefined) return false;
    recordToken(claim, byte);
  }
  if (claim.hasMultiSlotLock) {
    freeLock(claim.pool, MULTI_SLOT_LOCK);
    claim.hasMultiSlotLock = false;
  }
  return true;
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

/** Returns whether it is this claim's turn: of those for more than one slot only one takes at a time. */
export function mayTakeTokens(claim: Claim, count: number): boolean {
  if (count > 1 && !claim.hasMultiSlotLock) claim.hasMultiSlotLock = tryLock(claim, MULTI_SLOT_LOCK);
  return count === 1 || claim.hasMultiSlotLock;
}
