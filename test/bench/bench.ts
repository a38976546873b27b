// Prints, from one run, how long the commands take and how that compares with an empty Node program:
//   npm run bench [-- ROUNDS]
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { printCrowd } from './crowd.js';
import { median } from './median.js';

/** A program and its arguments. */
type Words = [string, ...string[]];

/** A line of the table. */
interface Row {
  name: string;
  /** What is timed: programs, one after the other; a function gets what the one before printed. */
  timed: (Words | ((output: string) => Words))[];
  /** Run before, untimed. */
  before?: Words;
  /** Run afterwards, untimed; gets what `before` printed. */
  after?: (output: string) => Words;
  env?: Record<string, string>;
}

const BIN = join(import.meta.dirname, '../../bin');
const node = process.execPath;
const command = (name: string, ...args: string[]): Words => [node, join(BIN, `${name}.js`), ...args];
const rounds = Number(process.argv[2] ?? 41);

/** What takes seconds is measured less often. */
const ROUNDS_PER_LONG_ROUND = 14;

// Variables that a user sets for their own programs slow the empty program down more than ours.
delete process.env.NODE_EXTRA_CA_CERTS;
delete process.env.NODE_OPTIONS;

const ROWS: Row[] = [
  { name: 'node -e 0', timed: [[node, '-e', '0']] },
  { name: 'js-run true, no pool', timed: [command('js-run', 'true')], env: { MAKEFLAGS: '' } },
  { name: 'js-run true, implicit slot', timed: [command('js-run', 'true')] },
  {
    name: 'js-run true, token',
    before: command('js-acquire', '--owner', String(process.pid)),
    timed: [command('js-run', 'true')],
    after: (handle) => command('js-release', handle),
  },
  {
    name: 'js-acquire + js-release',
    timed: [command('js-acquire', '--owner', String(process.pid)), (handle) => command('js-release', handle)],
  },
  { name: 'js-each true ::: a', timed: [command('js-each', 'true', ':::', 'a')] },
];

/** Many jobs from one process, which compare with each other. */
const MANY: Row[] = [
  ['xargs -P 4', 'xargs -P 4 -n 1 true'],
  ['GNU parallel -j 4', 'parallel --will-cite -j 4 true'],
  [
    'js-each',
    command('js-each', 'true')
      .map((word) => `'${word}'`)
      .join(' '),
  ],
].map(([name, line]) => ({ name: `2,000 x true: ${name}`, timed: [['sh', '-c', `seq 2000 | ${line}`]] }));

if (process.env.BENCH_IN_POOL === undefined) {
  for (const auth of ['fifo', 'pipe']) {
    console.log(`${auth === 'fifo' ? '' : '\n'}Node ${process.version}, ${rounds} rounds, pool advertised as ${auth}`);
    const inner = [node, import.meta.filename, String(rounds)];
    execFileSync(node, [...command('js-create', '-j', '4', '--auth', auth).slice(1), '--', ...inner], {
      stdio: 'inherit',
      env: { ...process.env, BENCH_IN_POOL: '1' },
    });
  }
  printCrowd(BIN);
} else {
  print(ROWS, rounds);
  print(MANY, Math.ceil(rounds / ROUNDS_PER_LONG_ROUND));
}

/** Measures the rows in turn, and prints how each compares with the first. */
function print(rows: readonly Row[], times: number): void {
  const measured: number[][] = rows.map(() => []);
  for (let round = 0; round < times; round++)
    for (const [index, row] of rows.entries()) measured[index]?.push(measure(row));
  const medians = measured.map(median);
  const [base = Number.NaN] = medians;
  for (const [index, value] of medians.entries()) {
    const name = rows[index]?.name.padEnd(32);
    console.log(`${name} ${value.toFixed(1).padStart(7)} ms  ${(value / base).toFixed(2)} x`);
  }
}

/** Returns milliseconds from the start of the first timed program to the end of the last. */
function measure({ before, timed, after, env }: Row): number {
  const handle = before === undefined ? '' : run(before, env);
  let output = '';
  const start = process.hrtime.bigint();
  for (const words of timed) output = run(typeof words === 'function' ? words(output) : words, env);
  const end = process.hrtime.bigint();
  if (after) run(after(handle), env);
  return Number(end - start) / 1e6;
}

function run([file, ...args]: Words, env?: Row['env']): string {
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8', env: { ...process.env, ...env } });
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}: ${stderr}`);
  return stdout.trim();
}
