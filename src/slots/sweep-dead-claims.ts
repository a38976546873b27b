import { formatClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { isNamespaceGone, pidNamespace } from '../process/pid-namespace.js';
import { isAnyMarked } from '../process/process-environment.js';
import { isAlive, type ProcessId } from '../process/process-table.js';
import { isSlotTaken } from './find-heir.js';
import { type ClaimRecord, listClaims, readClaim } from './read-claim.js';
import { releaseClaim } from './release-claim.js';
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
      if (claim !== undefined && !isInUse(pool, claim) && releaseClaim(pool, id, self)) returned++;
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
  { name, namespace, isFromEarlierBoot, job, inode, written }: ClaimRecord,
): boolean {
  if (isFromEarlierBoot) return false;
  // Nobody wrote a line into it: it holds nothing, but may be written at this moment.
  if (namespace === '' && ageOf(inode, written) < LONG) return true;
  // Who lives in another pid namespace (a container) is not seen from here, or only that nobody is left there.
  if (namespace !== '' && namespace !== pidNamespace()) return !isNamespaceGone(namespace);
  if (name.returner !== undefined) return isAlive(name.returner) || isSlotTaken(pool, name);
  // Its own job may have ended and left another one in the slot.
  if (isAlive(name.holder) || isSlotTaken(pool, name)) return true;
  if (job !== undefined) return isAlive(job);
  // The holder may have been killed just when it had started its job.
  return ageOf(inode, written) < MOMENT || isAnyMarked(CLAIM_VARIABLE, formatClaimName(name));
}

/** Milliseconds: more than a command takes to write its claim, on any machine. */
const LONG = 3000;

/** Milliseconds: more than a process takes from fork to exec. */
const MOMENT = 1000;

/** When each claim that looks young was first seen so, by a clock that nobody sets. */
const seen = new Map<number, { written: number; at: number }>();

/**
 * @returns milliseconds since the claim's last line was written, or at least for how long we have seen that line: a clock that
 * was set back, or is another one as on NFS, puts it into the future, and then it would stay young until that has come
 */
function ageOf(inode: number, written: number): number {
  const now = performance.now();
  const known = seen.get(inode);
  if (known?.written === written) return Math.max(now - known.at, Date.now() - written);
  if (seen.size > MOST_SEEN) seen.clear();
  seen.set(inode, { written, at: now });
  return Date.now() - written;
}

/** Claims: more than are young at a time. */
const MOST_SEEN = 10_000;
