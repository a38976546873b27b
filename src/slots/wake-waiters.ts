import { readdirSync } from 'node:fs';
import { parseClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { locksFolder } from '../pool/pool-folder.js';
import { type ProcessId, pidOf, readProcess, startOf } from '../process/process-table.js';

/** Wakes a command of ours for a lock that is free. By default the signal is ignored (signal(7)), so it harms no other process. */
export const WAKE = 'SIGURG';

/** Why a claim wants a lock: it waits for it, or it gives a token back as soon as it has it. */
type Reason = 'waits' | 'spares';

/** Returns the name of a note, a hard link to a claim's file beside the locks: by it a process that frees a lock knows whom to wake. */
export const noteName = (reason: Reason, lock: string, id: string): string => `${reason}-${lock}+${id}`;

/** Returns the lock that a note is about; undefined if the name is that of a lock. */
export const lockOfNote = (name: string): string | undefined => NOTE.exec(name)?.[2];

const NOTE = /^(waits|spares)-(.+)\+([^+]+)$/;

/** Returns the names of the locks and notes of a pool; none if they cannot be read. */
export function listLocks({ folder }: Pick<Pool, 'folder'>): string[] {
  try {
    return readdirSync(locksFolder(folder));
  } catch {
    return [];
  }
}

/** Returns the processes that want the lock, by their notes: those that wait before those that spare a token, the oldest first. */
export function listWanting(names: readonly string[], lock: string): { waits: boolean; id: ProcessId }[] {
  return names
    .flatMap((name) => {
      const [, reason, about, text = ''] = NOTE.exec(name) ?? [];
      const id = parseClaimName(text)?.holder;
      return about === lock && id !== undefined ? [{ waits: reason === 'waits', id, started: startOf(id) }] : [];
    })
    .sort((one, other) => Number(other.waits) - Number(one.waits) || one.started - other.started);
}

/**
 * Wakes the process that is to have a lock that is free now, and all stopped ones before it. A process that cannot be woken is
 * passed over; it looks by itself once a second.
 */
export function wakeNext(lock: string, names: readonly string[]): void {
  for (const { id } of listWanting(names, lock)) {
    const entry = readProcess(pidOf(id));
    if (entry?.id !== id || !tryWake(entry.pid)) continue;
    // A stopped process receives the signal when it is continued.
    if (entry.state !== 'T' && entry.state !== 't') return;
  }
}

function tryWake(pid: number): boolean {
  try {
    return process.kill(pid, WAKE);
  } catch {
    return false;
  }
}

/** Wakes a process for each lock that is free and wanted: one that was woken may have been killed before it took the lock. */
export function wakeForFree(pool: Pick<Pool, 'folder'>): void {
  const names = listLocks(pool);
  const wanted = new Set(names.flatMap((name) => lockOfNote(name) ?? []));
  for (const lock of wanted) if (!names.includes(lock)) wakeNext(lock, names);
}
