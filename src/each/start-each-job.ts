import { accessSync, constants } from 'node:fs';
import type { Warn } from '../errors.js';
import { leaveEnvironment } from '../jobs/child-environment.js';
import type { JoinOptions } from '../jobs/join-options.js';
import { tryRecordJob, tryRecordPoolJob } from '../jobs/record-job.js';
import { planStart, type StartPlan, startPlanned } from '../jobs/start-in-pool.js';
import { type Job, startJob } from '../jobs/start-job.js';
import { MOST_JOBS } from '../pool/most-jobs.js';
import { ensureStateRoot } from '../pool/state-folder.js';
import { lowerFileLimit } from '../process/file-limit.js';
import type { SignalWatch } from '../process/forward-signals.js';
import { selfId } from '../process/process-table.js';
import type { Claim } from '../slots/claim.js';
import { findProgram } from '../tools/find-program.js';
import type { OutputFiles } from './output-files.js';
import type { StartedJob } from './plan.js';

/** How jobs are started. */
export interface StartOptions {
  /** What all jobs have in common. */
  base: Omit<Job, 'words' | 'stdio'>;
  join: JoinOptions;
  signals: SignalWatch;
  warn: Warn;
  /** Our descriptor of what is empty. */
  empty: number;
  /** What is known of the programs that were started. */
  programs: Map<string, KnownProgram>;
  /** How many jobs were started. */
  started: number;
}

/** How many descriptors a job takes of ours while it runs, and how many all else takes at most. */
const FILES_PER_JOB = 4;
const OTHER_FILES = 500;

/** If many jobs follow, they get their limit on open files from us, and not each through a program of its own. */
async function shareFileLimit(options: StartOptions, most: number): Promise<void> {
  const { fileLimit } = options.base;
  // The first one need not wait for that.
  if (fileLimit === undefined || options.started++ !== 1) return;
  const fits = FILES_PER_JOB * most + OTHER_FILES < fileLimit;
  if (fits && (await lowerFileLimit(fileLimit))) options.base = { ...options.base, fileLimit: undefined };
}

interface KnownProgram {
  foundAt: string | undefined;
  /** Undefined if each of its command lines needs one of its own. */
  plan: StartPlan | undefined;
}

/**
 * Starts one job. A job of several slots gets a pool of just these, as with js-run.
 * @param claim undefined hides any pool from the job
 * @throws as startInPool()
 */
export async function startEachJob(
  words: readonly string[],
  files: OutputFiles | undefined,
  claim: Claim | undefined,
  options: StartOptions,
): Promise<StartedJob> {
  await shareFileLimit(options, claim?.pool.jobs ?? MOST_JOBS);
  const { base, join, signals, warn, empty, programs } = options;
  const stdio = new Map([[0, empty]]);
  if (files !== undefined) stdio.set(1, files.stdout).set(2, files.stderr);
  const [program = ''] = words;
  const known = programs.get(program) ?? { foundAt: findExecutable(program, base.env.PATH), plan: undefined };
  programs.set(program, known);
  const job: Job = { ...base, words, foundAt: known.foundAt, stdio };
  if (claim === undefined) {
    return { words, running: startJob(job, leaveEnvironment(base.flags), signals), cleanUp: async () => {} };
  }
  const slots = claim.held;
  // Loaded late (src/build/build.sh).
  const keeper = slots > 1 && !join.share ? await import('../keeper/index.js') : undefined;
  const own = await keeper?.createPool({ jobs: slots, session: selfId(), owner: selfId() }, ensureStateRoot(base.env));
  const cleanUp = async () => {
    if (own !== undefined) await keeper?.destroyPool(own);
  };
  try {
    const target = { pool: own ?? claim.pool, options: join, slots, slotsPerProgram: slots, claim };
    const plan = known.plan ?? (await planStart(job, target, warn));
    if (known.plan !== undefined) plan.args = words.slice(1);
    if (plan.isForProgram) known.plan = plan;
    const running = startPlanned(job, plan, target, signals);
    tryRecordJob(claim, running.pid);
    if (own !== undefined) tryRecordPoolJob(own, running.pid);
    return { words, running, cleanUp };
  } catch (error) {
    await cleanUp().catch(() => {});
    throw error;
  }
}

/** Finds the file of a program on PATH; undefined if the search is better left to the system. */
function findExecutable(program: string, path: string | undefined): string | undefined {
  const file = program.includes('/') ? undefined : findProgram(program, path)?.file;
  try {
    if (file !== undefined) accessSync(file, constants.X_OK);
    return file;
  } catch {
    return undefined;
  }
}
