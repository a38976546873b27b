import type { Warn } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { MOST_JOBS } from '../pool/limits.js';
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
import { putShimsOnPath } from '../tools/put-shims-on-path.js';
import { hasShim } from '../tools/shim-folder.js';
import { usableStyles } from '../tools/table.js';
import { openPair } from './child-descriptors.js';
import { type Advert, CLOSED_PAIR, joinEnvironment, pathOf } from './child-environment.js';
import { chooseStyle, listOffered } from './choose-style.js';
import { limitJobVariables } from './job-count-variables.js';
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

/**
 * Starts a job in a pool, which is advertised in a style that the job understands.
 * @param warn gets what would make the job leave the pool
 * @throws JobserverError 'not-found' or 'not-executable' for a program that cannot be started, Interrupted if a signal came first
 */
export async function startInPool(
  job: Job,
  { pool, options, slots, slotsPerProgram, claim }: JobPool,
  signals: SignalWatch,
  warn: Warn,
): Promise<Running> {
  const { flags, inherited, words } = job;
  const [program = ''] = words;
  const invoked = findInvokedTool(words);
  const isFrontEnd = invoked === undefined && isBuildFrontEnd(program, job.env.PATH);
  const env = options.shims || isFrontEnd ? { ...job.env, ...putShimsOnPath(job.env) } : job.env;
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
  const path = pathOf(pool, { pid: process.pid, fd: pool.fd });
  const pair = chosen.kind === 'pair' && chosen.open ? openPair(pool, inherited) : undefined;
  const advert: Advert =
    chosen.kind === 'fifo'
      ? { kind: 'fifo', path }
      : { kind: 'pair', ...(pair ?? CLOSED_PAIR), old: chosen.old, path: chosen.path ? path : undefined };
  try {
    const [, ...args] = limited?.words ?? words;
    // We have done what its wrapper would do.
    const command = (hasShim(program, env.PATH) ? findProgram(program, env.PATH)?.file : undefined) ?? program;
    const changes = {
      ...variables,
      ...joinEnvironment(pool, advert, { env, flags }, options.auth),
      ...limited?.env,
      [CLAIM_VARIABLE]: claim?.id,
    };
    if (claim !== undefined) recordStart(claim);
    return startJob({ ...job, env, words: [command, ...args] }, changes, signals, pair?.descriptors);
  } finally {
    pair?.close();
  }
}

/** Lists the variables that stay: the wrapper that cmake has written down for its tool reads cmake's own variable. */
const listKept = ({ keep, fit }: JoinOptions, words: readonly string[]): readonly string[] =>
  fit && isCMakeBuild(words) ? [...keep, CMAKE_JOBS_VARIABLE] : keep;
