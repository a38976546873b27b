import { closeSync, openSync } from 'node:fs';
import type { EnvChanges } from '../environment.js';
import { Interrupted, JobserverError, type Warn } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import { isAnyMangled, listMangled } from '../process/find-non-utf8.js';
import type { SignalWatch } from '../process/forward-signals.js';
import { readNumericVariables } from '../process/numeric-variables.js';
import { isClosedByExec } from '../process/own-descriptors.js';
import { type Running, startProgram } from '../process/run-program.js';
import { readFirstLine } from '../tools/build-front-end.js';
import { findProgram } from '../tools/find-program.js';
import type { ParsedEnv } from './child-environment.js';
import type { StatusReport } from './status-report.js';

/** A command to run for the user. */
export interface Job extends ParsedEnv {
  /** The program and its arguments. */
  words: readonly string[];
  /** Where the program was found on PATH, if that was looked up before. */
  foundAt?: string | undefined;
  /** The descriptors from 3 on that we have inherited, and that the job inherits. */
  inherited: readonly number[];
  /** Its soft limit on open files, if Node has raised ours. */
  fileLimit: number | undefined;
  /** What of ours becomes its stdin, stdout and stderr, unless it has these in common with us: its number to ours. */
  stdio?: ReadonlyMap<number, number>;
  /** Reports the start. The job does not inherit its descriptor. */
  status?: StatusReport | undefined;
}

/** Keeps the pair that we inherited from the job, which gets one of its own or none: it would only keep the pool open. */
export function withoutPair<T extends Pick<Job, 'inherited'>>(job: T, { address }: Pool): T {
  if (address.kind !== 'pair') return job;
  return { ...job, inherited: job.inherited.filter((fd) => fd !== address.read && fd !== address.write) };
}

/**
 * Starts a job.
 * @param changes to its environment
 * @param descriptors that it gets besides those that it inherits: its number to ours
 * @throws JobserverError 'not-found' or 'not-executable' for a program that cannot be started, Interrupted if a signal came first
 */
export function startJob(
  { words, foundAt, env, inherited, fileLimit, stdio = new Map(), status }: Job,
  changes: EnvChanges,
  signals: SignalWatch,
  descriptors: ReadonlyMap<number, number> = new Map(),
): Running {
  if (isAnyMangled(words)) throw new JobserverError('failed', 'cannot pass on an argument that is not valid UTF-8');
  if (signals.interrupt.signal !== undefined) throw new Interrupted(signals.interrupt.signal);
  const [file = '', ...args] = words;
  const all = { ...readNumericVariables(), ...env, ...changes };
  const numbers = inherited.filter((fd) => fd !== status?.fd);
  const hidden = hideDescriptor(status?.fd);
  const running = startProgram({
    file,
    foundAt,
    args,
    env: all,
    before: fileLimit === undefined ? [] : limitFiles(fileLimit, file, all.PATH),
    descriptors: new Map([...hidden, ...numbers.map((fd): [number, number] => [fd, fd]), ...descriptors, ...stdio]),
  });
  for (const fd of hidden.values()) closeSync(fd);
  if (running.pid > 0) status?.write({ event: 'start', pid: running.pid });
  signals.forwardTo(running);
  return running;
}

/** Opens what takes the place of a descriptor that the program would inherit, and that we still need: its number to ours. */
function hideDescriptor(fd: number | undefined): Map<number, number> {
  if (fd === undefined || fd < 3 || isClosedByExec(fd)) return new Map();
  return new Map([[fd, openSync('/dev/null', 'r+')]]);
}

/** Returns the words of prlimit(1) that give a program the limit; none if the program cannot be run, which we report better. */
function limitFiles(limit: number, file: string, path: string | undefined): string[] {
  const prlimit = findProgram('prlimit', path);
  return prlimit && canRun(file, path) ? [prlimit.file, `--nofile=${limit}:`, '--'] : [];
}

/** Returns whether a program is there, and its interpreter if it is a script. */
function canRun(file: string, path: string | undefined): boolean {
  const program = findProgram(file, path);
  if (program === undefined) return false;
  const [, interpreter] = /^#![ \t]*([^ \t]+)/.exec(readFirstLine(program.file)) ?? [];
  return interpreter === undefined || findProgram(interpreter, '') !== undefined;
}

/** Warns of variables that a job does not get unchanged: Node passes on nothing but UTF-8. */
export function warnOfMangled(env: ParsedEnv['env'], warn: Warn): void {
  const names = listMangled(env);
  const warnOf = (what: string, those: readonly string[]) => {
    if (those.length > 0) warn(`warning: not valid UTF-8, so ${what}: ${those.join(', ')}`);
  };
  // Under the name that Node turns such a name into there is no value.
  warnOf(
    'not passed on',
    names.filter((name) => env[name] === undefined),
  );
  warnOf(
    'passed on with changed bytes',
    names.filter((name) => env[name] !== undefined),
  );
}
