import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readArguments, readProcess, readProgram } from './process-table.js';

/** The limits on the number of open files (RLIMIT_NOFILE of getrlimit(2)). */
interface FileLimits {
  soft: number;
  hard: number;
}

/**
 * Finds the soft limit on open files that this process was started with, which a job has to have as well: programs that close
 * every descriptor there can be take minutes below a limit of a thousand million, and select(2) knows none above 1023. Node
 * raises ours to the hard one before our code runs, so it is taken from our parent, which we have it from.
 * @returns undefined if Node has not raised it, or if that cannot be seen
 */
export function findFileLimit(parent: number): number | undefined {
  const limits = readLimits(parent);
  if (limits === undefined) return undefined;
  if (limits.soft === limits.hard) {
    // A js-run above us has raised its own, and not that of its job.
    return isRunner(parent) ? findFileLimit(readProcess(parent)?.parent ?? 0) : undefined;
  }
  // With another hard limit than our parent we have set both since: `ulimit -n` does that in a shell that we take the place of.
  return readLimits('self')?.hard === limits.hard ? limits.soft : undefined;
}

function readLimits(pid: number | 'self'): FileLimits | undefined {
  try {
    const [, soft, hard] = /^Max open files +(\w+) +(\w+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? [];
    return { soft: Number(soft), hard: Number(hard) };
  } catch {
    return undefined;
  }
}

/** @returns whether a process is a js-run or js-create of this Node */
const isRunner = (pid: number): boolean =>
  readProgram(pid) === process.execPath && /^js-(run|create)(\.js)?$/.test(basename(readArguments(pid)[1] ?? ''));
