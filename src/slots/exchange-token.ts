import { asUser } from '../process/user.js';
import type { Claim } from './claim.js';
import { putBack } from './give-back.js';
import { freeLock, note, removeNotes, slotLock, tryLockSlot } from './locks.js';
import { WAKE } from './wake-waiters.js';

/**
 * Exchanges a token that the claim holds for its owner's implicit slot, if that is free: only what is below the owner can use that
 * slot, and everybody can use the token. NO_EXCHANGE in test/model/slots.pml shows how builds hang without it.
 * @throws JobserverError 'failed' if the pool does not take the token; the claim holds what it held then
 */
export function tryTakeOver(claim: Claim): void {
  const { pool, owner } = claim;
  const byte = claim.tokens.at(-1);
  if (owner === undefined || byte === undefined || !tryLockSlot(claim)) return;
  claim.held++;
  const keepToken = () => {
    claim.held--;
    claim.implicit = false;
    freeLock(pool, slotLock(owner));
  };
  try {
    putBack(claim, byte);
  } catch (error) {
    keepToken();
    throw error;
  }
}

/**
 * Takes over the owner's implicit slot as soon as it is free, for a claim that holds a token instead.
 * @returns a function that ends that
 */
export function watchSlot(claim: Claim): () => void {
  const { owner } = claim;
  if (owner === undefined || claim.implicit || claim.tokens.length === 0) return () => {};
  const { user } = claim.pool;
  const stop = () => {
    process.removeListener(WAKE, look);
  };
  const look = () => {
    try {
      asUser(user, () => tryTakeOver(claim));
    } catch {
      // The job still has its slot.
    }
    if (!claim.implicit) return;
    stop();
    try {
      asUser(user, () => removeNotes(claim));
    } catch {
      // They are removed with the claim.
    }
  };
  process.on(WAKE, look);
  try {
    asUser(user, () => note(claim, 'spares', slotLock(owner)));
  } catch {
    // The disk is full: then nobody wakes us.
  }
  // The slot may have been freed before the note was there.
  look();
  return stop;
}
