import { asUser } from '../process/user.js';
import { type Claim, crossOut, recordBack, recordToken } from './claim.js';
import { freeLock, note, removeNotes, slotLock, tryLockSlot } from './locks.js';
import { putToken } from './release-claim.js';
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
    // First: a process that dies between this line and the next loses a token, which the keeper puts back. If the token was there
    // twice (PUT_BEFORE_LINE in the model), nobody could take it out.
    crossOut(claim, byte);
  } catch (error) {
    keepToken();
    throw error;
  }
  try {
    putToken(pool, byte);
  } catch (error) {
    try {
      recordToken(claim, byte);
    } finally {
      keepToken();
    }
    throw error;
  }
  recordBack(claim, byte);
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
