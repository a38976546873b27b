import { closeSync, openSync } from 'node:fs';
import type { Env, EnvChanges } from '../environment.js';
import { Interrupted, JobserverError, type Warn } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { MOST_JOBS } from '../pool/limits.js';
import type { Pool } from '../pool/pool.js';
import { isClosedByExec } from '../process/descriptors.js';
import { isAnyMangled, listMangled } from '../process/find-non-utf8.js';
import type { SignalWatch } from '../process/forward-signals.js';
import { readNumericVariables } from '../process/numeric-variables.js';
import { type Running, startProgram } from '../process/run-program.js';
import { type Claim, recordStart } from '../slots/claim.js';
import { CLAIM_VARIABLE } from '../slots/slot-owner.js';
import { takeMore } from '../slots/take-slots.js';
import { askStyles } from '../tools/ask-version.js';
import { isBuildFrontEnd, readFirstLine } from '../tools/build-front-end.js';
import { findProgram } from '../tools/find-program.js';
import { CMAKE_JOBS_VARIABLE, findInvokedTool, isCMakeBuild } from '../tools/invoked-tool.js';
import { putShimsOnPath } from '../tools/put-shims-on-path.js';
import { hasShim } from '../tools/shim-folder.js';
import { usableStyles } from '../tools/table.js';
import { openPair } from './child-descriptors.js';
import { type Advert, CLOSED_PAIR, joinEnvironment, pathOf } from './child-environment.js';
import { offeredBy, planAdvert } from './choose-style.js';
import { holdNumbers } from './job-count-variables.js';
import type { JoinOptions } from './join-options.js';
import { countWanted, holdTool } from './limit-tool-to-slots.js';
import type { StatusReport } from './status-report.js';

/** A command to run for the user. */
export interface Job {
  /** The program and its arguments. */
  words: readonly string[];
  env: Env;
  /** The numbers from 3 on that we inherited and hand down. */
  inherited: readonly number[];
  /** Its soft limit on open files, if Node has raised ours. */
  fileLimit: number | undefined;
  /** Hears of the start. Its descriptor is not handed down. */
  status?: StatusReport | undefined;
}

/** The pool that a job shall see. */
export interface JobPool {
  pool: Pool;
  options: JoinOptions;
  /** How many slots the job holds, for a tool in front that cannot join and has to be told. */
  slots: number;
  /** How many each program has that the job starts and that cannot join. */
  each: number;
  /** The claim that holds them; undefined if the whole pool is the job's. */
  claim?: Claim;
}

/**
 * Starts a job in a pool, advertised as it understands.
 * @param warn tells of what would make it leave the pool
 * @throws JobserverError 'not-found' or 'not-executable' for a program that cannot be started, Interrupted if a signal came first
 */
export async function startInPool(
  job: Job,
  { pool, options, slots, each, claim }: JobPool,
  signals: SignalWatch,
  warn: Warn,
) {
  const { inherited } = job;
  const [program = ''] = job.words;
  const front = findInvokedTool(job.words);
  const isFrontEnd = front === undefined && isBuildFrontEnd(program, job.env.PATH);
  const env = options.shims || isFrontEnd ? { ...job.env, ...putShimsOnPath(job.env) } : job.env;
  const plan = await planAdvert(pool, options.auth, front?.program ?? '', env);
  const offered = offeredBy(plan);
  const root = cacheRoot(pool, env);
  const styles = front && usableStyles(await askStyles(front.tool, front.program, env, root), offered);
  const most = claim?.pool.jobs ?? MOST_JOBS;
  const fit = claim !== undefined && options.fit;
  if (fit && front) takeMore(claim, Math.min(countWanted(front, styles ?? [], most, env), most));
  const had = fit ? claim.held : slots;
  const held = front && holdTool(front, styles ?? [], { words: job.words, env, slots: had, fit, most });
  if (held?.warning !== undefined) warn(`warning: ${held.warning}`);
  const numbers = await holdNumbers(
    env,
    { keep: listKept(options, job.words), slots: each, isFrontEnd, offered },
    root,
  );
  const path = pathOf(pool, { pid: process.pid, fd: pool.fd });
  const pair = plan.kind === 'pair' && plan.open ? openPair(pool, inherited) : undefined;
  const advert: Advert =
    plan.kind === 'fifo'
      ? { kind: 'fifo', path }
      : { kind: 'pair', ...(pair ?? CLOSED_PAIR), old: plan.old, path: plan.path ? path : undefined };
  try {
    const [, ...args] = held?.words ?? job.words;
    // What its wrapper would do is done here.
    const command = (hasShim(program, env.PATH) ? findProgram(program, env.PATH)?.file : undefined) ?? program;
    const changes = {
      ...numbers,
      ...joinEnvironment(pool, advert, { env, auth: options.auth }),
      ...held?.env,
      [CLAIM_VARIABLE]: claim?.id,
    };
    if (claim !== undefined) recordStart(claim);
    return startJob({ ...job, env, words: [command, ...args] }, changes, signals, pair?.descriptors);
  } finally {
    pair?.close();
  }
}

/** Returns the variables that stay: the tool behind the wrapper that cmake has written down asks for cmake's itself. */
const listKept = ({ keep, fit }: JoinOptions, words: readonly string[]): readonly string[] =>
  fit && isCMakeBuild(words) ? [...keep, CMAKE_JOBS_VARIABLE] : keep;

/**
 * Starts a job.
 * @param changes to its environment
 * @param descriptors further ones than it inherits: its number, and ours
 * @throws JobserverError 'not-found' or 'not-executable' for a program that cannot be started, Interrupted if a signal came first
 */
export function startJob(
  { words, env, inherited, fileLimit, status }: Job,
  changes: EnvChanges,
  signals: SignalWatch,
  descriptors: ReadonlyMap<number, number> = new Map(),
): Running {
  if (isAnyMangled(words)) throw new JobserverError('failed', 'cannot hand down an argument that is not UTF-8');
  if (signals.interrupt.signal !== undefined) throw new Interrupted(signals.interrupt.signal);
  const [file = '', ...args] = words;
  const all = { ...readNumericVariables(), ...env, ...changes };
  const numbers = inherited.filter((fd) => fd !== status?.fd);
  const hidden = hideDescriptor(status?.fd);
  const running = startProgram({
    file,
    args,
    env: all,
    before: fileLimit === undefined ? [] : limitFiles(fileLimit, file, all.PATH),
    descriptors: new Map([...hidden, ...numbers.map((fd): [number, number] => [fd, fd]), ...descriptors]),
  });
  for (const fd of hidden.values()) closeSync(fd);
  if (running.pid > 0) status?.write({ event: 'start', pid: running.pid });
  signals.forwardTo(running);
  return running;
}

/** Returns what hides from a program a descriptor that it would get by itself, and that we cannot close before: its number, and ours. */
function hideDescriptor(fd: number | undefined): Map<number, number> {
  if (fd === undefined || fd < 3 || isClosedByExec(fd)) return new Map();
  return new Map([[fd, openSync('/dev/null', 'r+')]]);
}

/** Returns what to put in front of a program that gives it the limit; nothing if it cannot be run, which is better told by us. */
function limitFiles(limit: number, file: string, path: string | undefined): string[] {
  const prlimit = findProgram('prlimit', path);
  return prlimit && canRun(file, path) ? [prlimit.file, `--nofile=${limit}:`, '--'] : [];
}

/** Returns whether a program is there, and the interpreter of the script that it may be. */
function canRun(file: string, path: string | undefined): boolean {
  const program = findProgram(file, path);
  if (program === undefined) return false;
  const [, interpreter] = /^#![ \t]*([^ \t]+)/.exec(readFirstLine(program.file)) ?? [];
  return interpreter === undefined || findProgram(interpreter, '') !== undefined;
}

/** Tells of variables that a job does not get as they are: Node hands down no bytes but UTF-8. */
export function warnOfMangled(env: Env, warn: Warn): void {
  const names = listMangled(env);
  const tell = (what: string, those: readonly string[]) => {
    if (those.length > 0) warn(`warning: not UTF-8, and so ${what}: ${those.join(', ')}`);
  };
  // Under the name that Node makes of such a one there is nothing.
  tell(
    'not handed down',
    names.filter((name) => env[name] === undefined),
  );
  tell(
    'handed down with other bytes',
    names.filter((name) => env[name] !== undefined),
  );
}
