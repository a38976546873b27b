import type { ChildProcess } from 'node:child_process';
import type { Env } from '../environment.js';
import { cannot, errorCode, type JobserverError } from '../errors.js';
import type { ProgramEnd } from './exit.js';

/** A program to run in place of us: with our stdin, stdout, stderr, process group and terminal. */
export interface Program {
  file: string;
  /** Where it was found on PATH, if that was looked up before. */
  foundAt?: string | undefined;
  args: readonly string[];
  env: Env;
  /** Further descriptors that it gets: its number to ours. */
  descriptors: ReadonlyMap<number, number>;
  /** The words of a program to start instead, which prepares something and then executes this one, as env(1) does. */
  before?: readonly string[];
}

/** A running program. */
export interface Running {
  pid: number;
  kill(signal: NodeJS.Signals): void;
  ended: Promise<ProgramEnd>;
}

const cannotRun = (file: string, error: unknown): JobserverError =>
  cannot('run', file, error, errorCode(error) === 'ENOENT' ? 'not-found' : 'not-executable');

/**
 * Starts a program. Never throws: `ended` is rejected with 'not-found', or with 'not-executable' also if the system refuses.
 */
export function startProgram({ file, foundAt = file, args, env, descriptors, before = [] }: Program): Running {
  // Node has an error message of its own for it.
  if (file === '') throw cannotRun(file, Object.assign(new Error('No such file or directory'), { code: 'ENOENT' }));
  const ours: (number | undefined)[] = [0, 1, 2];
  for (const [theirs, fd] of descriptors) ours[theirs] = fd;
  const stdio = Array.from(ours, (fd) => fd ?? ('ignore' as const));
  const [first = file, ...rest] = [...before, file, ...args];
  let child: ChildProcess | undefined;
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    const fail = (error: unknown) => reject(errorCode(error) === undefined ? error : cannotRun(file, error));
    try {
      // Loaded only here, because it takes longest to load. Not execa, which takes twice the processor time for each program: through
      // it js-each would need four times that of xargs.
      const { spawn } = process.getBuiltinModule('node:child_process');
      const started = spawn(before.length === 0 ? foundAt : first, rest, { argv0: first, env, stdio });
      child = started;
      started.on('error', (error) => {
        // It also comes if the system refuses a kill(), as of a job that is now another user's; that is no failure to start.
        if (started.pid === undefined) fail(error);
      });
      started.once('exit', (status, signal) => {
        if (started.pid !== undefined) resolve(signal === null ? (status ?? 0) : { signal });
      });
    } catch (error) {
      fail(error);
    }
  });
  return { pid: child?.pid ?? 0, kill: (signal) => void child?.kill(signal), ended };
}
