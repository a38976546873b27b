import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { readEnvironment, variableIn } from '../../src/process/process-environment.js';
import { isAlive, type ProcessId, readArguments, readProcess } from '../../src/process/process-table.js';

/** A process that the chaos started, however deep below, or whoever it left it to. */
export interface Ours {
  id: ProcessId;
  pid: number;
  parent: number;
  /** One letter, as in /proc/PID/stat. */
  state: string;
  words: string[];
  role: 'keeper' | 'private keeper' | 'command' | 'job' | 'client' | 'other';
  /** The number of the actor whose it is. A keeper that an actor's command started is everybody's. */
  actor: number;
}

/** What tells our processes from all others is in the environment that they were started with. */
export const MARK = { run: 'CHAOS_RUN', actor: 'CHAOS_ACTOR' };

/** Returns all processes of the run, of which `fifo` is the pool. */
export function listOurs(run: string, fifo: string): Ours[] {
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    const environment = Number.isInteger(pid) ? readEnvironment(pid) : undefined;
    if (environment === undefined || variableIn(environment, MARK.run) !== run) return [];
    const process = readProcess(pid);
    if (process === undefined) return [];
    const { id, parent, state } = process;
    const words = readArguments(pid);
    const actor = Number(variableIn(environment, MARK.actor) ?? -1);
    return { id, pid, parent, state, words, role: roleOf(words, fifo), actor };
  });
}

function roleOf(words: readonly string[], fifo: string): Ours['role'] {
  // `node keeper.js ORDER`, after options of Node's, or `jobserver-tools keeper ORDER`.
  if (/^keeper(\.js)?$/.test(basename(words[1] ?? '')))
    return words[2]?.includes(`"${fifo}"`) ? 'keeper' : 'private keeper';
  if (basename(words[1] ?? '') === 'job') return 'job';
  if (/^(make|ninja)$/.test(basename(words[0] ?? ''))) return 'client';
  return words.slice(0, 3).some((word) => /(^|\/)js-[a-z]+$/.test(word)) ? 'command' : 'other';
}

/** Sends a signal to just that process. @returns whether it was there */
export function signalTo({ id, pid }: Pick<Ours, 'id' | 'pid'>, signal: NodeJS.Signals): boolean {
  if (!isAlive(id)) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It has ended since.
    return false;
  }
}
