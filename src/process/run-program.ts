import { spawn } from 'node:child_process';
import { errorCode, reasonOf } from '../errors.js';
import type { ProgramEnd } from './exit.js';

/** A program to run in place of us: with our stdin, stdout, stderr, process group and terminal. */
export interface Program {
  file: string;
  args: readonly string[];
  env: Readonly<Record<string, string | undefined>>;
  /** Further descriptors that it gets: its number, and ours. */
  descriptors: ReadonlyMap<number, number>;
}

/** A program that runs. */
export interface Running {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<ProgramEnd>;
}

/** A program that could not be started, with the exit status that env(1) gives for it. */
export class StartError extends Error {
  readonly status: 126 | 127;

  constructor(file: string, error: unknown) {
    super(`cannot run '${file}': ${reasonOf(error)}`);
    this.name = 'StartError';
    this.status = errorCode(error) === 'ENOENT' ? 127 : 126;
  }
}

/**
 * Starts a program.
 * @throws StartError (as a rejection of `ended` too) where it is not found, not executable, or the system refuses
 */
export function startProgram({ file, args, env, descriptors }: Program): Running {
  // Node has words of its own for it.
  if (file === '')
    throw new StartError(file, Object.assign(new Error('No such file or directory'), { code: 'ENOENT' }));
  const stdio: Array<'inherit' | 'ignore' | number> = ['inherit', 'inherit', 'inherit'];
  for (const [theirs, ours] of descriptors) stdio[theirs] = ours;
  for (let fd = 3; fd < stdio.length; fd++) stdio[fd] ??= 'ignore';
  const child = startChild(file, () => spawn(file, args, { env, stdio }));
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    child.once('error', (error) => {
      // 'error' also tells of a kill() that failed, which is no failure to start.
      if (child.pid === undefined) reject(new StartError(file, error));
    });
    child.once('exit', (code, signal) => {
      if (child.pid !== undefined) resolve(signal === null ? (code ?? 0) : { signal });
    });
  });
  return { pid: child.pid ?? 0, kill: (signal) => void child.kill(signal), ended };
}

function startChild<T>(file: string, start: () => T): T {
  try {
    return start();
  } catch (error) {
    // E2BIG, ENOMEM and EAGAIN are thrown at once.
    throw errorCode(error) === undefined ? error : new StartError(file, error);
  }
}
