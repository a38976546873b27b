import { readChildren } from './process-table.js';
import type { Running } from './run-program.js';

/** Sends a signal to a program that we have started, and to all that runs below it, as far as that can be seen. */
export function killTree(program: Running, signal: NodeJS.Signals): void {
  const below = listBelow(program.pid);
  program.kill(signal);
  for (const pid of below) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended, or is another user's.
    }
  }
}

/** Lists the processes below one, the nearest first. */
function listBelow(pid: number): number[] {
  const pids = readChildren(pid);
  // The list grows while it is read.
  for (const each of pids) pids.push(...readChildren(each));
  return pids;
}
