import type { Context } from '../cli/command.js';
import type { AuthChoice } from '../cli/pool-options.js';
import { Interrupted } from '../errors.js';
import type { Pool } from '../pool/pool.js';
import type { ProgramEnd } from '../process/exit.js';
import { type Running, StartError, startProgram } from '../process/run-program.js';
import type { SignalWatch } from '../process/signals.js';
import { findTool } from '../tools/table.js';
import { askJoins } from '../tools/version.js';
import { type Changes, chooseAuth, joinEnvironment, openPair } from './join.js';

type Env = Readonly<Record<string, string | undefined>>;

/** A command to run for the user. */
export interface Job {
  /** The program and its arguments. */
  words: readonly string[];
  env: Env;
  /** The numbers from 3 on that we inherited and hand down. */
  inherited: readonly number[];
}

/** The pool that a job shall see. */
export interface JobPool {
  pool: Pool;
  choice: AuthChoice;
  /** How many slots the job holds, for a tool that cannot join and has to be told. */
  slots: number;
  /** The state folder. */
  root: string;
}

/**
 * Starts a job in a pool, with the auth that it understands.
 * @throws StartError where the program cannot be started, Interrupted where a signal came first
 */
export async function startInPool(job: Job, { pool, choice, slots, root }: JobPool, signals: SignalWatch) {
  const [command = '', ...args] = job.words;
  const auth = await chooseAuth(pool, choice, command, job.env, root);
  const tool = findTool(command);
  const never = tool?.bound && (await askJoins(tool, command, job.env, root)) === 'never';
  const bound = never ? tool.bound?.(slots) : undefined;
  const pair = auth === 'pair' ? openPair(pool, job.inherited) : undefined;
  try {
    const words = [command, ...(bound?.args ?? []), ...args];
    const changes = { ...joinEnvironment(pool, job.env, root, pair), ...bound?.env };
    return startJob({ ...job, words }, changes, signals, pair?.descriptors);
  } finally {
    pair?.close();
  }
}

/**
 * Starts a job.
 * @param changes to its environment
 * @param descriptors further ones than it inherits: its number, and ours
 * @throws StartError where the program cannot be started, Interrupted where a signal came first
 */
export function startJob(
  { words, env, inherited }: Job,
  changes: Changes,
  signals: SignalWatch,
  descriptors: ReadonlyMap<number, number> = new Map(),
): Running {
  if (signals.interrupt.signal !== undefined) throw new Interrupted(signals.interrupt.signal);
  const [file = '', ...args] = words;
  const running = startProgram({
    file,
    args,
    env: { ...env, ...changes },
    descriptors: new Map([...inherited.map((fd): [number, number] => [fd, fd]), ...descriptors]),
  });
  signals.forwardTo(running.kill);
  return running;
}

/**
 * @param error what startInPool() or startJob() threw
 * @returns how the command ends for it: by the signal, or with the status of env(1) for a program that cannot be started
 */
export function endOf(error: unknown, report: Context['report']): ProgramEnd {
  if (error instanceof Interrupted) return { signal: error.signal };
  if (!(error instanceof StartError)) throw error;
  report(error.message);
  return error.status;
}
