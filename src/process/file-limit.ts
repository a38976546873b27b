import { readFileSync } from 'node:fs';
import { readCommand } from './own-program.js';
import { readProcess, readProgram } from './process-table.js';

/** Limits on the number of open files (RLIMIT_NOFILE of getrlimit(2)). */
interface FileLimits {
  soft: number;
  hard: number;
}

/**
 * Finds the soft limit on open files that this process was started with, so that the job gets it too: programs that close every
 * possible descriptor take minutes if the limit is 1,000,000,000, and select(2) knows none above 1023. Node raises our limit to
 * the hard one before our code runs, so we look at our parent's, which we inherited.
 * @param parent the parent's pid
 * @returns a number of files; undefined if Node has not raised the limit, or if the parent's is hidden
 */
export function findFileLimit(parent: number): number | undefined {
  const limits = readLimits(parent);
  if (limits === undefined) return undefined;
  if (limits.soft === limits.hard) {
    // Node has raised the limit of a js-run above us, but not that of its job.
    return isRunner(parent) ? findFileLimit(readProcess(parent)?.parent ?? 0) : undefined;
  }
  // If our hard limit differs from the parent's, both were set since: by `ulimit -n`, in a shell that then became us.
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

/** Returns whether a process is a js-run, js-create or js-each that runs in this Node, or in this executable. */
const isRunner = (pid: number): boolean =>
  readProgram(pid) === process.execPath && /^js-(run|create|each)$/.test(readCommand(pid) ?? '');

/**
 * Lowers the limit on open files of this process to that of its jobs, so that not each of them has to be started through
 * prlimit(1).
 * @returns whether that is done
 */
export async function lowerFileLimit(limit: number): Promise<boolean> {
  // Loaded late (src/build/build.sh), as is execa, which it uses.
  const { readOutput } = await import('../process/read-output.js');
  const { failed } = await readOutput('prlimit', [`--pid=${process.pid}`, `--nofile=${limit}:`], {
    PATH: process.env.PATH,
  });
  return !failed;
}
