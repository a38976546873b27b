import type { Pool } from '../pool/pool.js';
import { isAlive, isAnyMarked, isNamespaceGone, type ProcessId, pidNamespace } from '../process/process-table.js';
import { type ClaimRecord, listClaims, readClaim } from './claim-record.js';
import { isSlotTaken } from './heir.js';
import { releaseClaim } from './release.js';
import { CLAIM_VARIABLE } from './slot-owner.js';

/**
 * Returns the claims whose holder is dead and whose job has ended.
 * @returns how many there were
 * @throws JobserverError 'failed' for the first that cannot be returned, after all others are
 */
export function sweepClaims(pool: Pool, self: ProcessId): number {
  let returned = 0;
  let failure: unknown;
  for (const id of listClaims(pool)) {
    try {
      const claim = readClaim(pool, id);
      if (claim !== undefined && !isInUse(pool, id, claim) && releaseClaim(pool, id, self)) returned++;
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure !== undefined) throw failure;
  return returned;
}

/** @returns whether a claim's holder or job lives, or may live where we cannot see it */
export function isInUse(
  pool: Pick<Pool, 'folder'>,
  id: string,
  { namespace, past, returner, holder, job, age }: ClaimRecord,
): boolean {
  if (past) return false;
  // Nobody wrote a line into it: it holds nothing, but may be written at this moment.
  if (namespace === '' && age < LONG) return true;
  // Who lives in another pid namespace (a container) is not seen from here, or only that nobody is left there.
  if (namespace !== '' && namespace !== pidNamespace()) return !isNamespaceGone(namespace);
  if (returner !== undefined) return isAlive(returner);
  // Its own job may have ended and left another one in the slot.
  if (isAlive(holder) || isSlotTaken(pool, id)) return true;
  if (job !== undefined) return isAlive(job);
  // The holder may have been killed just when it had started its job.
  return age < MOMENT || isAnyMarked(CLAIM_VARIABLE, id);
}

/** Milliseconds: more than a command takes to write its claim, on any machine. */
const LONG = 3000;

/** Milliseconds: more than a process takes from fork to exec. */
const MOMENT = 1000;
