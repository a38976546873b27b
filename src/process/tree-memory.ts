import { readdirSync } from 'node:fs';
import { kilobytesIn } from './free-memory.js';
import { lookAt } from './look-at-proc.js';
import { readChildren, readStatus } from './process-table.js';

/** Returns how many bytes of memory a process and all below it use that no file backs, as far as /proc shows them. */
export function readTreeMemory(pid: number): number {
  const pids = new Set([pid]);
  let bytes = 0;
  // The set grows while it is read.
  for (const each of pids) {
    bytes += kilobytesIn(readStatus(each), 'RssAnon') ?? 0;
    for (const child of listChildren(each)) pids.add(child);
  }
  return bytes;
}

/** Lists what all threads of a process have started. */
function listChildren(pid: number): number[] {
  const threads = lookAt<string[]>(`/proc/${pid}/task`, [], (path) => readdirSync(path));
  return threads.flatMap((thread) => readChildren(pid, Number(thread)));
}
