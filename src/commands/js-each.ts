import { constants, createReadStream, fstatSync, openSync } from 'node:fs';
import type { Command, Context } from '../cli/command.js';
import { EACH_OPTIONS, type EachOptions, parseEachOptions } from '../cli/each-options.js';
import {
  COUNT_OPTIONS,
  chooseJobs,
  JOIN_OPTIONS,
  jobsGiven,
  LOOKUP_OPTIONS,
  lookupOf,
  MEMORY_OPTIONS,
  parseJoinOptions,
  parseMemory,
} from '../cli/pool-options.js';
import { describeEnd, endRun } from '../each/describe-end.js';
import { makeFill } from '../each/fill-command.js';
import { listJobs } from '../each/list-jobs.js';
import { type JobLog, openJobLog } from '../each/open-log.js';
import { openOutputFiles, sizeOf } from '../each/output-files.js';
import { readItems } from '../each/read-items.js';
import { runJobs } from '../each/run-jobs.js';
import { type ProgressLine, showProgress } from '../each/show-progress.js';
import { openSlotSource } from '../each/slot-source.js';
import { type StartOptions, startEachJob } from '../each/start-each-job.js';
import { attempt, isJobserverError, JobserverError, type Warn } from '../errors.js';
import { makeRequest } from '../jobs/slot-request.js';
import { warnOfMangled, withoutPair } from '../jobs/start-job.js';
import { findPool, requirePool } from '../pool/find-pool.js';
import { MOST_JOBS } from '../pool/most-jobs.js';
import type { Pool } from '../pool/pool.js';
import { ensureStateRoot } from '../pool/state-folder.js';
import type { ProgramEnd } from '../process/exit.js';
import { findFileLimit } from '../process/file-limit.js';
import { type Interrupt, watchSignals } from '../process/forward-signals.js';
import { listInherited } from '../process/own-descriptors.js';
import { selfId } from '../process/process-table.js';
import { findJobCount, isDryRun } from '../protocol/makeflags.js';

export const command: Command = {
  name: 'js-each',
  summary: 'Run a command for each item, each time in a slot of the jobserver.',
  operands: '[--] COMMAND [ARG | {}]... [::: ITEM...]',
  failure: 125,
  options: [
    ...EACH_OPTIONS,
    ...MEMORY_OPTIONS,
    ...COUNT_OPTIONS,
    ...JOIN_OPTIONS,
    ...LOOKUP_OPTIONS,
    { name: 'quiet', short: 'q', help: 'print only errors and what the jobs print' },
  ],
  main,
};

async function main(context: Context): Promise<ProgramEnd> {
  const { args, env, flags, parent } = context;
  const [inherited, fileLimit] = [listInherited(parent), findFileLimit(parent)];
  const options = parseEachOptions(args);
  const join = parseJoinOptions(args);
  const memory = parseMemory(args);
  const { words, items } = splitOperands(args.operands, options);
  const dryRun = options.dryRun || isDryRun(flags);
  const template = { replace: options.replace, hasCount: join.countVariables !== undefined };
  const fill = await makeFill(words, template, options.shell);
  const log = options.log && !dryRun ? await openJobLog(options.log.file, options.log.resume) : undefined;
  const batches = readItems(items ?? openItems(context, options), options);
  const jobs = listJobs(batches, (number) => log?.isDone(number) === true);
  if (dryRun) {
    // Loaded only here, because it is not needed to run jobs.
    const { quote } = await import('shell-quote');
    for await (const job of jobs) context.print(`${quote([...fill({ ...job, slot: 1 })])}\n`);
    return 0;
  }
  warnOfMangled(env, context.warn);
  const { jobs: chosen } = chooseJobs(context);
  // Of a `make -j1`, which has no jobserver.
  const most = jobsGiven(args) === undefined ? Math.max(1, Math.min(findJobCount(flags) ?? chosen, MOST_JOBS)) : chosen;
  const found = findPoolOrWarn(context);
  const total = items && countJobs(items.length, options.perJob, log);
  const signals = watchSignals(true);
  // Loaded late (src/build/build.sh).
  const keeper = found === undefined ? await import('../keeper/index.js') : undefined;
  const own = await keeper?.createPool({ jobs: most, session: null, owner: selfId() }, ensureStateRoot(env));
  const progress = isProgressShown(context, options) ? showProgress(total, widthOfTerminal) : undefined;
  // What is printed must not end up behind the progress.
  const [report, warn] = [clearing(progress, context.report), onlyOnce(clearing(progress, context.warn))];
  try {
    const pool = own ?? (isJobserverError(found) ? undefined : found);
    const find = own === undefined ? () => requirePool(lookupOf(context)) : undefined;
    const interrupt: Interrupt = { signal: undefined, onSignal: undefined };
    const wanted = { slots: options.slots, timeoutMs: undefined, memory, command: '' };
    const messages = { env, warn, isTerminal: () => progress === undefined && context.isTerminal(2) };
    // A copy, because process.env itself asks the system for each variable.
    const base = { env: { ...env }, flags, inherited, fileLimit };
    const start: StartOptions = {
      base: pool === undefined ? base : withoutPair(base, pool),
      join,
      signals,
      warn,
      empty: openSync('/dev/null', constants.O_RDONLY),
      programs: new Map(),
      started: 0,
    };
    const isSameProgram = fill({ items: ['-'], number: 1, slot: 1 })[0] === words[0] || options.shell;
    const outcome = await runJobs({
      jobs,
      total,
      most: jobsGiven(args) !== undefined ? most : pool === undefined ? 1 : Infinity,
      slots: pool && (await openSlotSource(pool, find, (each) => makeRequest(each, wanted, interrupt, messages))),
      interrupt,
      signals,
      describe: (spec) => fill({ ...spec, slot: 1 }).join(' '),
      openFiles: () => (options.output === 'direct' ? undefined : openOutputFiles(env.TMPDIR || '/tmp')),
      start: (spec, slot, files, claim) =>
        startEachJob(fill({ ...spec, slot, slots: claim?.held ?? 1 }), files, claim, start),
      print: { keepOrder: options.keepOrder, byLine: options.output === 'lines', beforePrint: progress?.clear },
      tagOf: (spec) => (options.tag ? `${spec.items.join(' ')}\t` : ''),
      ...(options.output === 'json' && { recordOf: describeEnd }),
      onEnd: ({ spec, words: run, files, ...end }) =>
        log?.write({ ...end, number: spec.number, words: run, bytes: files ? sizeOf(files.stdout) : 0 }),
      survive: (error) => (isSameProgram ? undefined : survive(error, report)),
      tries: options.tries,
      timeoutMs: options.timeoutMs,
      halt: options.halt,
      warn,
      onProgress: (now) => progress?.update(now),
    });
    progress?.end();
    return endRun(outcome, total, report);
  } finally {
    progress?.end();
    log?.close();
    if (own !== undefined) await keeper?.destroyPool(own);
    await signals.endJob();
  }
}

/** Counts the jobs that are to run. */
const countJobs = (items: number, perJob: number, log: JobLog | undefined): number =>
  Array.from({ length: Math.ceil(items / perJob) }, (_, index) => index + 1).filter((number) => !log?.isDone(number))
    .length;

/** Returns whether the progress is shown: on a terminal, unless jobs write there directly, but never elsewhere. */
function isProgressShown({ args, isTerminal }: Context, { progress, output }: EachOptions): boolean {
  return isTerminal(2) && (progress ?? (output !== 'direct' && !args.has('quiet')));
}

const widthOfTerminal = (): number => process.stderr.columns || 80;

const clearing =
  (progress: ProgressLine | undefined, say: Warn): Warn =>
  (text) => {
    progress?.clear();
    say(text);
  };

/** Says that one of several programs could not be started. @returns the status with which its job counts as ended */
function survive(error: unknown, report: Warn): ProgramEnd | undefined {
  if (!isJobserverError(error) || (error.kind !== 'not-found' && error.kind !== 'not-executable')) return undefined;
  report(error.message);
  return error.kind === 'not-found' ? 127 : 126;
}

function onlyOnce(warn: Warn): Warn {
  const said = new Set<string>();
  return (text) => {
    if (!said.has(text)) warn(text);
    said.add(text);
  };
}

/** Separates the command from the items that follow it. @throws JobserverError 'usage' */
function splitOperands(
  operands: readonly string[],
  { file }: EachOptions,
): { words: readonly string[]; items: readonly string[] | undefined } {
  const end = operands.indexOf(':::');
  const words = end < 0 ? operands : operands.slice(0, end);
  const items = end < 0 ? undefined : operands.slice(end + 1);
  if (words.length === 0) throw new JobserverError('usage', 'no command given');
  const other = operands.find((word) => /^(::::|:::\+|::::\+)$/.test(word));
  if (other !== undefined)
    throw new JobserverError('usage', `'${other}' is not supported; name a file of items with -a FILE`);
  if (items?.includes(':::')) throw new JobserverError('usage', "only one ':::' is possible; use -N and {1}, {2}");
  if (items !== undefined && file !== undefined) throw new JobserverError('usage', "-a cannot be combined with ':::'");
  return { words, items };
}

function openItems({ isTerminal, warn }: Context, { file }: EachOptions): NodeJS.ReadableStream {
  if (file !== undefined)
    return createReadStream(file, { fd: attempt('read', file, () => openSync(file, constants.O_RDONLY)) });
  // Node takes it for an empty file.
  if (fstatSync(0).isDirectory()) throw new JobserverError('failed', "cannot read 'standard input': Is a directory");
  if (isTerminal(0)) warn('reading items from the terminal, one on each line; ^D ends them');
  return process.stdin;
}

/** Finds the pool. If it cannot be joined, warns and returns the error: then one job runs at a time, as below make. */
function findPoolOrWarn(context: Context): Pool | JobserverError | undefined {
  const { args, warn } = context;
  try {
    return findPool(lookupOf(context));
  } catch (error) {
    if (!isJobserverError(error) || error.kind !== 'no-pool' || args.value('fifo') !== undefined) throw error;
    warn(`warning: ${error.message}; running the jobs without slots, by default one at a time`);
    return error;
  }
}
