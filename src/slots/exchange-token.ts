import { asUser } from '../process/user.js';
import { type Claim, crossOut, recordBack, recordToken } from './claim.js';
import { freeLock, note, removeNotes, slotLock, tryLockSlot } from './locks.js';
import { putToken } from './release-claim.js';
import { WAKE } from './wake-waiters.js';

/**
 * Exchanges a token that the claim holds for its owner's implicit slot, if that is free: nobody but who is below the owner
 * can use it, and the token everybody.
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
    // First: who dies between this line and the next loses a token, which can be made good. A token twice could not.
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
 * Takes over the owner's implicit slot as soon as it is free, for a claim that holds a token instead of it.
 * @returns ends that
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
      // The job runs in a slot as before.
    }
    if (!claim.implicit) return;
    stop();
    try {
      asUser(user, () => removeNotes(claim));
    } catch {
      // It goes with the claim.
    }
  };
  process.on(WAKE, look);
  try {
    asUser(user, () => note(claim, 'spares', slotLock(owner)));
  } catch {
    // On a full disk: nobody wakes us then.
  }
  // It may have been freed before the note was there.
  look();
  return stop;
}
