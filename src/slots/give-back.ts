import { type Claim, crossOut, recordBack, recordToken } from './claim.js';
import { freeLock, slotLock } from './locks.js';
import { putToken } from './release-claim.js';

/** Returns a token of a claim that stays. @throws JobserverError 'failed'; the claim has it then */
export function putBack(claim: Claim, byte: number): void {
  // First: a process that dies between this line and the next loses a token, which the keeper puts back. If the token was there
  // twice (PUT_BEFORE_LINE in test/model/slots.pml), nobody could take it out.
  crossOut(claim, byte);
  try {
    putToken(claim.pool, byte);
  } catch (error) {
    recordToken(claim, byte);
    throw error;
  }
  recordBack(claim, byte);
}

/** Returns all slots of a claim that stays. @throws as putBack() */
export function giveBackSlots(claim: Claim): void {
  const { pool, owner } = claim;
  for (const byte of [...claim.tokens]) putBack(claim, byte);
  if (!claim.implicit || owner === undefined) return;
  claim.implicit = false;
  claim.held--;
  freeLock(pool, slotLock(owner));
}
