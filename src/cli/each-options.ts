import type { Halt } from '../each/halt-rule.js';
import { parseHalt } from '../each/parse-halt.js';
import { JobserverError } from '../errors.js';
import type { SlotRange } from '../jobs/slot-request.js';
import type { Arguments, OptionSpec } from './command-line.js';
import { parseCount, parseDuration } from './parse-values.js';
import { parseSlots } from './pool-options.js';

/** The options of js-each that say what is run, and what is done with what comes of it. */
export const EACH_OPTIONS: readonly OptionSpec[] = [
  { name: 'arg-file', short: 'a', value: 'FILE', help: 'read the items from FILE instead of standard input' },
  { name: 'null', short: '0', help: 'items end with a null character instead of a line break' },
  { name: 'replace', short: 'I', value: 'R', help: 'the string that stands for an item, instead of {}' },
  { name: 'max-args', short: 'n', value: 'MAX', help: 'give each job up to MAX items' },
  { name: 'max-replace-args', short: 'N', value: 'MAX', help: 'the same; {1}, {2} and so on are the items one by one' },
  { name: 'jobs', short: 'j', value: 'N', help: 'run at most N jobs at a time (default: as many as there are slots)' },
  { name: 'max-procs', short: 'P', value: 'N', help: 'the same, as with xargs' },
  { name: 'slots', value: 'COUNT', help: 'how many slots each job takes: N, MIN-MAX or all (default 1)' },
  { name: 'keep-order', short: 'k', help: 'print the output of the jobs in the order of the items' },
  { name: 'line-buffer', help: 'print whole lines while their job runs' },
  { name: 'ungroup', short: 'u', help: 'let the jobs write directly, whatever becomes of their lines' },
  { name: 'tag', help: 'begin each line of output with the items of its job' },
  { name: 'json', help: 'print a line of JSON for each job, which has its output in it' },
  {
    name: 'halt',
    value: 'RULE',
    help: 'stop early: now or soon, then for example ,fail=1 ,success=1 ,done=10 ,fail=5%',
  },
  { name: 'retries', value: 'N', help: 'run a job that fails up to N times' },
  { name: 'timeout', value: 'TIME', help: 'end a job that runs longer than TIME (30, 90s, 5m)' },
  { name: 'joblog', value: 'FILE', help: 'write a line about each job to FILE, as GNU parallel does' },
  { name: 'resume', help: 'leave out the jobs that are in the --joblog already' },
  { name: 'resume-failed', help: 'leave out only those that succeeded' },
  { name: 'shell', help: 'run the command line with sh -c, with the items quoted' },
  { name: 'dry-run', help: 'print the commands instead of running them' },
  { name: 'progress', help: 'show the progress on standard error although jobs write there, too' },
  { name: 'no-progress', help: 'do not show the progress, although standard error is a terminal' },
];

/** Those options, parsed. */
export interface EachOptions {
  /** Undefined reads standard input. */
  file: string | undefined;
  separator: '\n' | '\0';
  replace: string | undefined;
  /** How many items a job gets. */
  perJob: number;
  /** How many slots a job takes. */
  slots: SlotRange;
  output: 'grouped' | 'lines' | 'direct' | 'json';
  keepOrder: boolean;
  tag: boolean;
  halt: Halt | undefined;
  tries: number;
  timeoutMs: number | undefined;
  log: { file: string; resume: 'no' | 'all' | 'failed' } | undefined;
  shell: boolean;
  dryRun: boolean;
  /** Undefined leaves it to what standard error is. */
  progress: boolean | undefined;
}

/** More than any system has arguments for. */
const MOST_ITEMS = 1_000_000;

const MOST_TRIES = 1_000_000;

/** Parses EACH_OPTIONS. @throws JobserverError 'usage' */
export function parseEachOptions(args: Arguments): EachOptions {
  const count = (name: string, most: number): number => parseCount(`--${name}`, args.value(name) ?? '1', most);
  for (const [one, other] of EXCLUDING)
    if (isGiven(args, one) && isGiven(args, other))
      throw new JobserverError('usage', `--${one} cannot be combined with --${other}`);
  const timeout = args.value('timeout');
  const halt = args.value('halt');
  const file = args.value('joblog');
  const resumes = args.has('resume') || args.has('resume-failed');
  if (resumes && file === undefined) throw new JobserverError('usage', '--resume needs --joblog FILE');
  const argFile = args.value('arg-file');
  return {
    file: argFile === '-' ? undefined : argFile,
    separator: args.has('null') ? '\0' : '\n',
    replace: args.value('replace'),
    perJob: count(args.value('max-args') === undefined ? 'max-replace-args' : 'max-args', MOST_ITEMS),
    slots: parseSlots(args),
    output: args.has('json') ? 'json' : args.has('ungroup') ? 'direct' : args.has('line-buffer') ? 'lines' : 'grouped',
    keepOrder: args.has('keep-order'),
    tag: args.has('tag'),
    halt: halt === undefined ? undefined : parseHalt(halt),
    tries: count('retries', MOST_TRIES),
    timeoutMs: timeout === undefined ? undefined : parseDuration('--timeout', timeout),
    log:
      file === undefined
        ? undefined
        : { file, resume: args.has('resume-failed') ? 'failed' : args.has('resume') ? 'all' : 'no' },
    shell: args.has('shell'),
    dryRun: args.has('dry-run'),
    progress: args.has('no-progress') ? false : args.has('progress') || undefined,
  };
}

/** Pairs of options of which one makes no sense with the other. */
const EXCLUDING = [
  ['json', 'ungroup'],
  ['json', 'line-buffer'],
  ['json', 'tag'],
  ['ungroup', 'line-buffer'],
  ['ungroup', 'keep-order'],
  ['ungroup', 'tag'],
  ['max-args', 'max-replace-args'],
  ['jobs', 'max-procs'],
  ['progress', 'no-progress'],
] as const;

const isGiven = (args: Arguments, name: string): boolean => args.has(name) || args.value(name) !== undefined;
