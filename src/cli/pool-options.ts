import { resolve } from 'node:path';
import { JobserverError } from '../errors.js';
import { AUTH_CHOICES, type JoinOptions } from '../jobs/join-options.js';
import type { MemoryWanted, SlotRange } from '../jobs/slot-request.js';
import type { Lookup } from '../pool/find-pool.js';
import { MOST_JOBS } from '../pool/most-jobs.js';
import { countProcessors } from '../process/count-processors.js';
import { formatBytes, readMemory } from '../process/free-memory.js';
import { OVERRIDING, THREAD_VARIABLES } from '../tools/table.js';
import type { Context } from './command.js';
import type { Arguments, OptionSpec } from './command-line.js';
import { parseChoice, parseCount, parseDuration, parseSize, parseVariable } from './parse-values.js';

/** The options of commands that let a program join a pool. */
export const JOIN_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'auth',
    value: 'KIND',
    choices: AUTH_CHOICES,
    help: 'advertise the path or a pair of descriptors; auto adds a pair to the path if make is older than 4.4',
  },
  {
    name: 'keep-env',
    value: 'NAMES',
    help: 'keep these variables (separated by commas), such as MAX_JOBS, although they override the pool',
  },
  {
    name: 'shims',
    help: 'put wrappers on PATH that keep make, ninja, cmake, go and others within the pool',
  },
];

/** The options that say what a job of several slots is given. */
export const COUNT_OPTIONS: readonly OptionSpec[] = [
  { name: 'jobs-env', value: 'NAMES', help: 'set these variables (separated by commas) to the number of slots' },
  { name: 'share', help: 'with several slots: give the command the pool itself, not one of just these slots' },
];

/** Parses JOIN_OPTIONS, COUNT_OPTIONS and --fit. @throws JobserverError 'usage' */
export function parseJoinOptions(args: Arguments): JoinOptions {
  const keep = listNames(args, 'keep-env');
  for (const name of keep) parseChoice('--keep-env', name, [...OVERRIDING, ...THREAD_VARIABLES]);
  const named = listNames(args, 'jobs-env');
  for (const name of named) parseVariable('--jobs-env', name);
  const isCounted = named.length > 0 || args.value('slots') !== undefined;
  const auth = args.value('auth');
  return {
    auth: auth === undefined ? undefined : parseChoice('--auth', auth, AUTH_CHOICES),
    keep,
    countVariables: isCounted ? named : undefined,
    share: args.has('share'),
    shims: args.has('shims'),
    fit: args.has('fit'),
  };
}

const listNames = (args: Arguments, option: string): string[] => (args.value(option) ?? '').split(',').filter(Boolean);

/** The options of commands that use an existing pool. */
export const LOOKUP_OPTIONS: readonly OptionSpec[] = [
  { name: 'fifo', value: 'PATH', help: 'use the pool of this FIFO instead of the one in MAKEFLAGS' },
  { name: 'no-adopt', help: "do not reach make's pipe through /proc if make has closed it to this command" },
];

/** Parses LOOKUP_OPTIONS: where a command looks for its pool. */
export function lookupOf({ args, env, flags, parent }: Pick<Context, 'args' | 'env' | 'flags' | 'parent'>): Lookup {
  const fifo = args.value('fifo');
  // Programs inherit it that may run in another folder.
  return { env, flags, parent, fifo: fifo && resolve(fifo), adopt: !args.has('no-adopt') };
}

/** The options of commands that run another one. */
export const RUN_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'quiet',
    short: 'q',
    help: 'print only errors on standard error, no warnings or notes about waiting',
  },
  {
    name: 'status-fd',
    value: 'FD',
    help: 'write to this descriptor, as lines of JSON, how the command started and ended, or why it did not',
  },
];

/** The options of commands that take slots. */
export const WAIT_OPTIONS: readonly OptionSpec[] = [
  {
    name: 'slots',
    short: 'n',
    value: 'COUNT',
    help: 'how many slots to take: N; MIN-MAX, for MIN and up to MAX that are free then; or all (default 1)',
  },
  { name: 'timeout', value: 'TIME', help: 'give up with exit status 75 after TIME (30, 90s, 5m)' },
  { name: 'no-wait', help: 'give up at once with exit status 75 if no slot is free' },
];

/** The options of commands whose jobs need memory. */
export const MEMORY_OPTIONS: readonly OptionSpec[] = [
  { name: 'memory', value: 'SIZE', help: 'wait until SIZE of memory (512M, 4G, 50%) is free for the job' },
  { name: 'memory-per-job', value: 'SIZE', help: 'the same for each of its slots; with MIN-MAX, take as many as fit' },
];

/** Parses MEMORY_OPTIONS. @throws JobserverError 'usage' */
export function parseMemory(args: Arguments): MemoryWanted | undefined {
  const [all, each] = ['memory', 'memory-per-job'].map((name) => args.value(name));
  if (all !== undefined && each !== undefined)
    throw new JobserverError('usage', '--memory cannot be combined with --memory-per-job');
  if (all !== undefined) return { bytes: parseSize('--memory', all), perSlot: false };
  return each === undefined ? undefined : { bytes: parseSize('--memory-per-job', each), perSlot: true };
}

/** Parses the number of slots. @throws JobserverError 'usage' */
export function parseSlots(args: Arguments): SlotRange {
  const text = args.value('slots') ?? '1';
  if (text === 'all') return 'all';
  const [, least = text, most = text] = /^([^-]+)-(.+)$/.exec(text) ?? [];
  const range = { least: parseCount('-n', least, MOST_JOBS), most: parseCount('-n', most, MOST_JOBS) };
  if (range.least > range.most) throw new JobserverError('usage', `-n: '${text}' begins with the larger number`);
  return range;
}

/**
 * Parses --timeout and --no-wait.
 * @returns milliseconds; 0 for no wait, undefined to wait forever
 * @throws JobserverError 'usage'
 */
export function parseTimeoutMs(args: Arguments): number | undefined {
  const text = args.value('timeout');
  const timeoutMs = text === undefined ? undefined : parseDuration('--timeout', text);
  return args.has('no-wait') ? 0 : timeoutMs;
}

/** Returns what -j says, or -P of js-each. */
export const jobsGiven = (args: Arguments): string | undefined => args.value('jobs') ?? args.value('max-procs');

/** Chooses N: -j, or the processors that the machine grants; says why. @throws JobserverError 'usage' */
export function chooseJobs({ args, env }: Pick<Context, 'args' | 'env'>): { jobs: number; reason: string } {
  const text = jobsGiven(args);
  const { count, reason } =
    text === undefined ? countProcessors(env) : { count: parseCount('-j', text, MOST_JOBS), reason: 'given with -j' };
  return { jobs: Math.min(count, MOST_JOBS), reason };
}

/** Lowers N to the jobs that free memory suffices for, at least 1, if --memory-per-job is given. @throws JobserverError 'usage' */
export function fitJobsToMemory(chosen: { jobs: number; reason: string }, args: Arguments): typeof chosen {
  const text = args.value('memory-per-job');
  if (text === undefined) return chosen;
  const bytes = parseSize('--memory-per-job', text);
  const { freeBytes } = readMemory();
  const jobs = Math.max(1, Math.floor(freeBytes / bytes));
  const reason = `${formatBytes(freeBytes)} of memory is free, with ${formatBytes(bytes)} for each job`;
  return jobs < chosen.jobs ? { jobs, reason } : chosen;
}
