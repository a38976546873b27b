import { readdirSync } from 'node:fs';
import { parseClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { locksFolder } from '../pool/pool-folder.js';
import { type ProcessId, pidOf, readProcess, startOf } from '../process/process-table.js';

/** Tells a command of ours that a lock is free. By default it is ignored (signal(7)), so it hurts nobody who does not wait for it. */
export const WAKE = 'SIGURG';

/** Why a claim wants a lock: it waits for it, or gives a token back as soon as it has it. */
type Reason = 'waits' | 'spares';

/** A note is a second name of a claim's file, beside the locks: who frees the lock finds by names alone whom to wake. */
export const noteName = (reason: Reason, lock: string, id: string): string => `${reason}-${lock}+${id}`;

/** @returns the lock that the note of that name is about, undefined for a lock itself */
export const lockOfNote = (name: string): string | undefined => NOTE.exec(name)?.[2];

const NOTE = /^(waits|spares)-(.+)\+([^+]+)$/;

/** @returns the names of the locks and notes of a pool; none if they cannot be read */
export function listLocks({ folder }: Pick<Pool, 'folder'>): string[] {
  try {
    return readdirSync(locksFolder(folder));
  } catch {
    return [];
  }
}

/** @returns who wants the lock, by its notes among these names: who waits before who spares a token, the oldest first */
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
 * Wakes who shall have a lock that is free now: one, and of those that are stopped all before it. Whoever cannot be woken is
 * passed over; that a waiter looks by itself once a second makes up for it.
 */
export function wakeNext(lock: string, names: readonly string[]): void {
  for (const { id } of listWanting(names, lock)) {
    const entry = readProcess(pidOf(id));
    if (entry?.id !== id || !tryWake(entry.pid)) continue;
    // It gets the signal when it is continued.
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

/** Wakes those for whom a lock is free: whoever was woken for it may have been killed before it took it. */
export function wakeForFree(pool: Pick<Pool, 'folder'>): void {
  const names = listLocks(pool);
  const wanted = new Set(names.flatMap((name) => lockOfNote(name) ?? []));
  for (const lock of wanted) if (!names.includes(lock)) wakeNext(lock, names);
}
