// Prints, from one run, how long the commands take and how that compares with an empty Node program: in the checkout, and as
// installed from the pack and as the executable, next to each Node that test/setup/install-tools.mjs has unpacked:
//   npm run bench [-- ROUNDS]
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from '../setup/install-package.js';
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

const ROOT = join(import.meta.dirname, '../..');
const TOOLS = join(ROOT, 'node_modules/.cache/jobserver-tools/tools');
const EXECUTABLE = join(ROOT, 'dist/standalone/jobserver-tools');
const node = process.env.BENCH_NODE ?? process.execPath;
const command = (name: string, ...args: string[]): Words => commandIn(process.env, name, ...args);
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
  if (!existsSync(EXECUTABLE)) throw new Error(`there is no ${EXECUTABLE}: run npm run standalone`);
  for (const auth of ['fifo', 'pipe'])
    printTable(`pool advertised as ${auth}`, auth, { ...process.env, ...(auth === 'fifo' && { BENCH_MANY: '1' }) });
  const folder = mkdtempSync(join(tmpdir(), 'js-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true }));
  const BENCH_BIN = join(install(join(folder, 'prefix')).root, 'bin');
  const others = existsSync(TOOLS) ? readdirSync(TOOLS).filter((name) => name.startsWith('node-')) : [];
  for (const BENCH_NODE of [node, ...others.map((name) => join(TOOLS, name, 'bin/node'))]) {
    printTable('as installed from the pack', 'fifo', { BENCH_NODE, BENCH_BIN, XDG_CACHE_HOME: folder });
    printTable('the executable', 'fifo', { BENCH_NODE, BENCH_EXECUTABLE: EXECUTABLE, BENCH_MANY: '1' });
  }
  printCrowd(join(ROOT, 'bin'));
} else {
  // The first start of a command keeps what it has compiled.
  for (const row of ROWS) measure(row);
  print(ROWS, rounds);
  if (process.env.BENCH_MANY !== undefined) print(MANY, Math.ceil(rounds / ROUNDS_PER_LONG_ROUND));
}

/** Runs the rounds in a pool of their own, with the programs that the environment names. */
function printTable(what: string, auth: string, { BENCH_NODE = node, ...env }: NodeJS.ProcessEnv) {
  const version = execFileSync(BENCH_NODE, ['--version'], { encoding: 'utf8' }).trim();
  console.log(`Node ${version}, ${rounds} rounds, ${what}`);
  const all = { ...process.env, ...env, BENCH_NODE, BENCH_IN_POOL: '1' };
  const [file, ...create] = commandIn(all, 'js-create', '-j', '4', '--auth', auth, '--');
  execFileSync(file, [...create, process.execPath, import.meta.filename, String(rounds)], {
    stdio: 'inherit',
    env: all,
  });
  console.log();
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

/** Returns the words that run a command, of the executable or on the Node that the environment names. */
function commandIn(env: NodeJS.ProcessEnv, name: string, ...args: string[]): Words {
  const { BENCH_EXECUTABLE, BENCH_NODE = process.execPath, BENCH_BIN = join(ROOT, 'bin') } = env;
  return BENCH_EXECUTABLE ? [BENCH_EXECUTABLE, name, ...args] : [BENCH_NODE, join(BENCH_BIN, `${name}.js`), ...args];
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
