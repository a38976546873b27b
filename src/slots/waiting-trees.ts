import { isHandedOver } from '../pool/claim-name.js';
import { type ProcessId, pidOf, readChildren, readProcess, readProgram } from '../process/process-table.js';
import { findTool } from '../tools/table.js';
import type { ClaimRecord } from './read-claim.js';
import { lockOfNote } from './wake-waiters.js';

/** Returns the names of the claims that wait for one of these locks, by the names of the locks and notes of a pool. */
export const listWaitingClaims = (
  names: readonly string[],
  isCounted: (lock: string) => boolean,
): ReadonlySet<string> =>
  new Set(
    names.flatMap((name) =>
      name.startsWith('waits-') && isCounted(lockOfNote(name) ?? '') ? [name.slice(name.lastIndexOf('+') + 1)] : [],
    ),
  );

/** Lists a process and those above it, up to the first. @param known what it has returned, by pid */
export function listAbove(pid: number, known: Map<number, readonly ProcessId[]>): readonly ProcessId[] {
  const before = known.get(pid);
  if (before !== undefined) return before;
  const entry = readProcess(pid);
  const ids = entry === undefined ? [] : [entry.id, ...listAbove(entry.parent, known)];
  known.set(pid, ids);
  return ids;
}

/**
 * Returns whether nothing runs in these slots but what waits.
 * @param claims those that do not wait themselves
 * @param processes those above what waits that are looked at
 * @param above all above what waits
 */
export const doOnlyWait = (
  claims: readonly ClaimRecord[],
  processes: Iterable<ProcessId>,
  above: ReadonlySet<ProcessId>,
): boolean => claims.every((claim) => isKept(claim, above)) && [...processes].every((id) => isIdle(id, above));

/** Returns whether the job of a claim, or the shell that holds it, waits for what waits. */
const isKept = ({ name, job }: ClaimRecord, above: ReadonlySet<ProcessId>): boolean =>
  (job !== undefined && above.has(job)) || (isHandedOver(name) && above.has(name.holder));

/** Returns whether a process above those that wait has no slot for anything else: make and ninja have one for each child. */
function isIdle(id: ProcessId, above: ReadonlySet<ProcessId>): boolean {
  const pid = pidOf(id);
  if (findTool(readProgram(pid) ?? '')?.slotPerChild !== true) return true;
  const children = readChildren(pid).flatMap((child) => readProcess(child) ?? []);
  return children.every((child) => above.has(child.id));
}
