import type { Env, EnvChanges } from '../environment.js';
import type { Warn } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { MOST_JOBS } from '../pool/most-jobs.js';
import type { Pool } from '../pool/pool.js';
import type { SignalWatch } from '../process/forward-signals.js';
import type { Running } from '../process/run-program.js';
import { type Claim, recordStart } from '../slots/claim.js';
import { CLAIM_VARIABLE } from '../slots/slot-owner.js';
import { takeMore } from '../slots/take-slots.js';
import { askStyles } from '../tools/ask-version.js';
import { isBuildFrontEnd } from '../tools/build-front-end.js';
import { findProgram } from '../tools/find-program.js';
import { CMAKE_JOBS_VARIABLE, findInvokedTool, isCMakeBuild } from '../tools/invoked-tool.js';
import { areShimsThere, putShimsOnPath } from '../tools/put-shims-on-path.js';
import { hasShim } from '../tools/shim-folder.js';
import { usableStyles } from '../tools/table.js';
import { openPair } from './child-descriptors.js';
import { type Advert, CLOSED_PAIR, joinEnvironment, pathOf } from './child-environment.js';
import { type ChosenStyle, chooseStyle, listOffered } from './choose-style.js';
import { countSlots, limitJobVariables } from './job-count-variables.js';
import type { JoinOptions } from './join-options.js';
import { limitToolToSlots } from './limit-tool-to-slots.js';
import { type Job, startJob } from './start-job.js';

/** The pool that a job runs in. */
export interface JobPool {
  pool: Pool;
  options: JoinOptions;
  /** How many slots the job has, for a tool that cannot join. */
  slots: number;
  /** How many slots each program has that the job starts and that cannot join. */
  slotsPerProgram: number;
  /** The claim that holds the slots; undefined if the whole pool is the job's. */
  claim?: Claim;
}

/** How a command line is started in a pool; made by planStart(). */
export interface StartPlan {
  /** The program, or what it stands for. */
  command: string;
  args: readonly string[];
  /** The job's environment, with wrappers on PATH if it gets them. */
  env: Env;
  /** What is changed in that besides the advertisement of the pool. */
  changes: EnvChanges;
  chosen: ChosenStyle;
  /** Whether it is the same for every command line of the same program. */
  isForProgram: boolean;
  /** How the pool was advertised the last time, and what that changes: mostly it is the same again. */
  joined?: { advert: string; changes: EnvChanges };
}

/**
 * Starts a job in a pool, which is advertised in a style that the job understands.
 * @param warn gets what would make the job leave the pool
 * @throws JobserverError 'not-found' or 'not-executable' for a program that cannot be started, Interrupted if a signal came first
 */
export const startInPool = async (job: Job, target: JobPool, signals: SignalWatch, warn: Warn): Promise<Running> =>
  startPlanned(job, await planStart(job, target, warn), target, signals);

/** Finds out how a job is started in a pool, as startInPool() does it. @param warn as there */
export async function planStart(
  job: Job,
  { pool, options, slots, slotsPerProgram, claim }: JobPool,
  warn: Warn,
): Promise<StartPlan> {
  const { words } = job;
  const [program = ''] = words;
  const invoked = findInvokedTool(words);
  const isFrontEnd = invoked === undefined && isBuildFrontEnd(program, job.env.PATH);
  const hasWrappers = options.shims || (isFrontEnd && areShimsThere());
  if (isFrontEnd && !hasWrappers)
    warn(`warning: without wrappers, builds of '${program}' may leave the pool; run 'jobserver-tools install'`);
  const env = hasWrappers ? { ...job.env, ...putShimsOnPath(job.env) } : job.env;
  const root = cacheRoot(pool, env);
  const understood = invoked && (await askStyles(invoked.tool, invoked.program, env, root));
  const tool = invoked && understood && { ...invoked, styles: understood };
  const chosen = await chooseStyle(pool, options.auth, env, tool);
  const offered = listOffered(chosen);
  const limited =
    tool &&
    limitToolToSlots(tool, usableStyles(tool.styles, offered), {
      words,
      env,
      slots,
      fitTo: claim && options.fit ? (count) => takeMore(claim, count) : undefined,
      most: claim?.pool.jobs ?? MOST_JOBS,
    });
  if (limited?.warning !== undefined) warn(`warning: ${limited.warning}`);
  const keep = listKept(options, words);
  const variables = await limitJobVariables(env, { keep, slots: slotsPerProgram, isFrontEnd, offered }, root);
  const [, ...args] = limited?.words ?? words;
  // We have done what its wrapper would do.
  const command = (hasShim(program, env.PATH) ? findProgram(program, env.PATH)?.file : undefined) ?? program;
  return {
    command,
    args,
    env,
    changes: { ...variables, ...countSlots(env, slots, options), ...limited?.env },
    chosen,
    isForProgram: invoked === undefined && !isCMakeBuild(words),
  };
}

/** Starts a job as it was planned. @throws as startInPool() */
export function startPlanned(
  job: Job,
  plan: StartPlan,
  { pool, options, claim }: JobPool,
  signals: SignalWatch,
): Running {
  const { command, args, env, changes, chosen } = plan;
  const path = pathOf(pool, { pid: process.pid, fd: pool.fd });
  const pair = chosen.kind === 'pair' && chosen.open ? openPair(pool, job.inherited) : undefined;
  const { read, write } = pair ?? CLOSED_PAIR;
  const advert: Advert =
    chosen.kind === 'fifo'
      ? { kind: 'fifo', path }
      : { kind: 'pair', read, write, old: chosen.old, path: chosen.path ? path : undefined };
  try {
    const text = JSON.stringify(advert);
    if (plan.joined?.advert !== text)
      plan.joined = { advert: text, changes: joinEnvironment(pool, advert, { env, flags: job.flags }, options.auth) };
    const join = plan.joined.changes;
    if (claim !== undefined) recordStart(claim);
    const all = { ...changes, ...join, [CLAIM_VARIABLE]: claim?.id };
    return startJob({ ...job, env, words: [command, ...args] }, all, signals, pair?.descriptors);
  } finally {
    pair?.close();
  }
}

/** Lists the variables that stay: the wrapper that cmake has written down for its tool reads cmake's own variable. */
const listKept = ({ keep, fit }: JoinOptions, words: readonly string[]): readonly string[] =>
  fit && isCMakeBuild(words) ? [...keep, CMAKE_JOBS_VARIABLE] : keep;
