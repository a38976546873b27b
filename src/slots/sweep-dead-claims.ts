import { formatClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { isNamespaceGone, pidNamespace } from '../process/pid-namespace.js';
import { isAnyMarked } from '../process/process-environment.js';
import { isAlive, type ProcessId } from '../process/process-table.js';
import { isSlotTaken } from './find-heir.js';
import { type ClaimRecord, listClaims, readClaim } from './read-claim.js';
import { releaseClaim } from './release-claim.js';
import { CLAIM_VARIABLE } from './slot-owner.js';
import { isReady } from './wake-waiters.js';

/**
 * Returns the claims whose holder is dead and whose job has ended: `sweep` in test/model/slots.pml.
 * @param others the names of claims to leave alone
 * @returns how many there were
 * @throws JobserverError 'failed' for the first claim that cannot be returned, after all others are
 */
export function sweepClaims(pool: Pool, self: ProcessId, others: readonly string[] = []): number {
  let returned = 0;
  let failure: unknown;
  const leftAlone = new Set(others);
  for (const id of listClaims(pool)) {
    if (leftAlone.has(id)) continue;
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

/** Returns whether a keeper that sees the claims sweeps them for all; not if it is stopped. */
export const isSwept = ({ record }: Pool): boolean => record?.namespace === pidNamespace() && isReady(record.keeper);

/** Returns whether a claim's holder or job lives, or may live where it cannot be seen from here. */
export function isInUse(
  pool: Pick<Pool, 'folder'>,
  { name, namespace, isFromEarlierBoot, job, inode, writtenMs }: ClaimRecord,
): boolean {
  if (isFromEarlierBoot) return false;
  // There is no line in it yet: it holds nothing, but may be written at this moment.
  if (namespace === '' && ageMsOf(inode, writtenMs) < CLAIM_WRITE_MS) return true;
  // A process in another pid namespace (a container) cannot be seen from here, at most that none is left there.
  if (namespace !== '' && namespace !== pidNamespace()) return !isNamespaceGone(namespace);
  if (name.returner !== undefined) return isAlive(name.returner) || isSlotTaken(pool, name);
  // Its own job may have ended and have left another one in the slot.
  if (isAlive(name.holder) || isSlotTaken(pool, name)) return true;
  if (job !== undefined) return isAlive(job);
  // The holder may have been killed just after it had started its job (FORGET_JOB and FORK_GAP in the model).
  return ageMsOf(inode, writtenMs) < FORK_TO_EXEC_MS || isAnyMarked(CLAIM_VARIABLE, formatClaimName(name));
}

/** More than a command takes to write its claim, on any machine. */
const CLAIM_WRITE_MS = 3000;

/** More than a process takes from fork to exec. */
const FORK_TO_EXEC_MS = 1000;

/** When each claim that looks young was first seen so, by a clock that nobody sets; by inode. */
const firstSeen = new Map<number, { writtenMs: number; seenMs: number }>();

/**
 * Returns how many milliseconds ago the claim's last line was written, or at least since when we have seen that line: if the clock
 * was set back, or is a server's (NFS), the line may seem to be of the future, and the claim would stay young until then.
 */
function ageMsOf(inode: number, writtenMs: number): number {
  const nowMs = performance.now();
  const known = firstSeen.get(inode);
  if (known?.writtenMs === writtenMs) return Math.max(nowMs - known.seenMs, Date.now() - writtenMs);
  if (firstSeen.size > MAX_SEEN_CLAIMS) firstSeen.clear();
  firstSeen.set(inode, { writtenMs, seenMs: nowMs });
  return Date.now() - writtenMs;
}

/** More claims than are young at a time. */
const MAX_SEEN_CLAIMS = 10_000;
