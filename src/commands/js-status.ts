import { readFileSync } from 'node:fs';
import type { Command, Context } from '../cli/command.js';
import { LOOKUP_OPTIONS, lookupOf } from '../cli/pool-options.js';
import { attempt, JobserverError } from '../errors.js';
import { requirePool } from '../pool/find-pool.js';
import { closePool } from '../pool/pool.js';
import type { ProgramEnd } from '../process/exit.js';
import { findAdvertised } from '../protocol/advertised.js';
import { formatStatus } from '../status/format-status.js';
import { listOwnPools } from '../status/list-pools.js';
import { type PoolStatus, readStatus } from '../status/pool-status.js';

export const command: Command = {
  name: 'js-status',
  summary: 'Show who holds the slots of a jobserver, who waits for one, and what is free.',
  operands: '',
  options: [
    { name: 'watch', short: 'w', help: 'show it on the whole terminal, again every second, until q or ^C' },
    { name: 'all', help: 'show every pool of this user that js-create made' },
    { name: 'json', help: 'print JSON, for programs' },
    { name: 'timeline', value: 'FILE', help: 'draw the trace that js-create --trace wrote, and sum it up' },
    { name: 'svg', help: 'print the timeline as a picture (SVG)' },
    { name: 'summary', help: 'print only the figures of the timeline' },
    ...LOOKUP_OPTIONS,
  ],
  main,
};

async function main(context: Context): Promise<ProgramEnd> {
  const { args, env, flags, print } = context;
  if (args.value('timeline') !== undefined) return printTimeline(context);
  const other = ['svg', 'summary'].find((name) => args.has(name));
  if (other !== undefined) throw new JobserverError('usage', `--${other} requires --timeline`);
  const [asJson, all, watches] = ['json', 'all', 'watch'].map((name) => args.has(name));
  if (watches && (asJson || all))
    throw new JobserverError('usage', `--watch cannot be combined with ${asJson ? '--json' : '--all'}`);
  if (all) {
    if (args.value('fifo') !== undefined) throw new JobserverError('usage', '--all cannot be combined with --fifo');
    const statuses = listOwnPools(env).map((pool) => readStatus(pool, null));
    if (asJson) print(formatJson(statuses));
    else if (statuses.length === 0) throw new JobserverError('no-pool', 'no pool: make one with eval "$(js-create)"');
    else print(statuses.map((status) => formatStatus(status, Date.now())).join('\n'));
    return 0;
  }
  const lookup = lookupOf(context);
  const source = lookup.fifo === undefined ? (findAdvertised((name) => env[name], flags)?.variable ?? null) : '--fifo';
  const read = (gently: boolean) => {
    const pool = requirePool(lookup);
    try {
      return readStatus(pool, source, gently);
    } finally {
      closePool(pool);
    }
  };
  if (watches) return startWatch(context, () => read(true));
  const status = read(false);
  print(asJson ? formatJson(status) : formatStatus(status, Date.now()));
  return 0;
}

/** Prints what a trace shows, as text, SVG or JSON. */
async function printTimeline({ args, print }: Context): Promise<ProgramEnd> {
  const other = ['watch', 'all', 'no-adopt'].find((name) => args.has(name));
  if (other !== undefined || args.value('fifo') !== undefined)
    throw new JobserverError('usage', `--timeline cannot be combined with --${other ?? 'fifo'}`);
  const formats = ['svg', 'summary', 'json'].filter((name) => args.has(name));
  if (formats.includes('svg') && formats.length > 1)
    throw new JobserverError('usage', `--svg cannot be combined with --${formats[1]}`);
  const file = args.value('timeline') ?? '';
  // Loaded late (src/build/build.sh).
  const { drawTimeline } = await import('../timeline/index.js');
  const text = attempt('read', file, () => readFileSync(file, 'utf8'));
  print(drawTimeline(text, file, formats, process.stdout.columns || 80));
  return 0;
}

const formatJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

/** Shows the pool on the terminal. @throws JobserverError 'usage' without a terminal */
async function startWatch({ env, isTerminal, print }: Context, read: () => PoolStatus): Promise<ProgramEnd> {
  if (!isTerminal(0) || !isTerminal(1))
    throw new JobserverError('usage', '--watch requires a terminal on standard input and output');
  // Loaded late (src/build/build.sh).
  const { watch } = await import('../status/watch.js');
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return watch({
    read,
    measure: () => ({
      columns: process.stdout.columns || 80,
      rows: process.stdout.rows || 24,
      color: !env.NO_COLOR,
      unicode: /utf-?8/i.test(locale),
    }),
    isDumb: env.TERM === 'dumb' || !env.TERM,
    print,
  });
}
