import { readdirSync } from 'node:fs';
import { ageOf, isOfOurNamespace, parseClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { locksFolder } from '../pool/pool-folder.js';
import { type ProcessEntry, type ProcessId, pidOf, readProcess } from '../process/process-table.js';

/** Wakes a command of ours for a lock that is free. By default the signal is ignored (signal(7)), so it harms no other process. */
export const WAKE = 'SIGURG';

/** Why a claim wants a lock: it waits for it, or it gives a token back as soon as it has it. */
type Reason = 'waits' | 'spares';

/** @returns the name of a note, a hard link to a claim's file beside the locks: by it a process that frees a lock knows whom to wake */
export const noteName = (reason: Reason, lock: string, id: string): string => `${reason}-${lock}+${id}`;

/** @returns the lock that a note is about; undefined if the name is that of a lock */
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

/** A process that wants a lock. */
export interface Wanting {
  waits: boolean;
  id: ProcessId;
  /** Since when it can have wanted it, in microseconds since boot. */
  since: number;
  /** The name of its note. */
  note: string;
}

/**
 * Lists the processes that want a lock, by their notes among these names: those that wait before those that spare a token, the
 * oldest first. Processes in another pid namespace are left out: they cannot be seen or woken from here.
 */
export function listWanting(names: readonly string[], lock: string): Wanting[] {
  const list = (reason: Reason): Wanting[] => {
    const prefix = noteName(reason, lock, '');
    const found = names.flatMap((note) => {
      const name = note.startsWith(prefix) ? parseClaimName(note.slice(prefix.length)) : undefined;
      return name !== undefined && isOfOurNamespace(name)
        ? [{ waits: reason === 'waits', id: name.holder, since: ageOf(name), note }]
        : [];
    });
    return found.sort(byAge);
  };
  return [...list('waits'), ...list('spares')];
}

const byAge = (one: Wanting, other: Wanting): number => one.since - other.since || pidOf(one.id) - pidOf(other.id);

/**
 * Wakes the process that is to have a lock that is free now, and all stopped ones before it. A process that cannot be woken is
 * passed over; it looks by itself now and then.
 */
export function wakeNext(lock: string, names: readonly string[]): void {
  for (const { id } of listWanting(names, lock)) {
    const entry = readProcess(pidOf(id));
    // A stopped process receives the signal when it is continued.
    if (entry?.id === id && tryWake(entry.pid) && canRun(entry)) return;
  }
}

/** Returns whether a process can act when it is woken: it is neither stopped nor a zombie. */
const canRun = ({ state }: ProcessEntry): boolean => !'TtZX'.includes(state);

/** Returns whether a process lives and can act when it is woken. */
export function isReady(id: ProcessId): boolean {
  const entry = readProcess(pidOf(id));
  return entry?.id === id && canRun(entry);
}

/** Wakes a process. @returns whether it could */
export function tryWake(pid: number): boolean {
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
