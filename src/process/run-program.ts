import type { Env } from '../environment.js';
import { cannot, errorCode, type JobserverError } from '../errors.js';
import { type Child, type ChildSpec, startBareChild } from './bare-child.js';
import type { ProgramEnd } from './exit.js';

/** A program to run in place of us: with our stdin, stdout, stderr, process group and terminal. */
export interface Program {
  file: string;
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
export function startProgram({ file, args, env, descriptors, before = [] }: Program): Running {
  // Node has an error message of its own for it.
  if (file === '') throw cannotRun(file, Object.assign(new Error('No such file or directory'), { code: 'ENOENT' }));
  const numbers: (number | undefined)[] = [0, 1, 2];
  for (const [theirs, ours] of descriptors) numbers[theirs] = ours;
  let child: Child | undefined;
  const ended = new Promise<ProgramEnd>((resolve, reject) => {
    const fail = (error: unknown) => reject(errorCode(error) === undefined ? error : cannotRun(file, error));
    const words = [...before, file, ...args];
    const spec: ChildSpec = {
      file: words[0] as string,
      words,
      env,
      descriptors: numbers,
      onExit: (end) => resolve(typeof end === 'number' ? end : { signal: end }),
    };
    try {
      child = startBareChild(spec) ?? startChild(spec, fail);
    } catch (error) {
      fail(error);
    }
  });
  return { pid: child?.pid ?? 0, kill: (signal) => child?.kill(signal), ended };
}

/** Starts a child with node:child_process. Some failures are thrown, the others go to `onFailure`. */
function startChild({ file, words, env, descriptors, onExit }: ChildSpec, onFailure: (error: Error) => void): Child {
  // Loaded only here, because it takes longest to load (see startBareChild).
  const { spawn } = process.getBuiltinModule('node:child_process');
  const stdio = Array.from(descriptors, (fd) => fd ?? 'ignore');
  const child = spawn(file, words.slice(1), { env, stdio });
  const { pid } = child;
  child.on('error', (error) => {
    // It also comes if the system refuses a kill(), as of a job that is now another user's; that is no failure to start.
    if (pid === undefined) onFailure(error);
  });
  child.once('exit', (status, signal) => {
    if (pid !== undefined) onExit(signal ?? status ?? 0);
  });
  return { pid: pid ?? 0, kill: (signal) => void child.kill(signal) };
}
