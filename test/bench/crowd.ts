import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { median } from './median.js';

/** How many commands there are at once, in a pool of four slots. */
const CROWD = 200;
const SLOTS = 4;
/** How many jobs of half a second make up a makespan. */
const JOBS = 64;
const IDEAL_SECONDS = (JOBS / SLOTS) * 0.5;
/** For how many seconds the commands that wait are watched. */
const WATCHED = 10;

/** What a script printed, and what it took in seconds; the CPU time is that of all processes that it waited for. */
interface Cost {
  stdout: string;
  cpu: number;
  elapsed: number;
}

/** Prints what hundreds of commands cost that share one pool. @param stubs the folder of their stubs, NAME.js */
export function printCrowd(stubs: string): void {
  console.log(`Node ${process.version}, ${SLOTS} slots`);
  const bin = mkdtempSync(join(tmpdir(), 'js-bench-'));
  try {
    for (const file of readdirSync(stubs)) symlinkSync(join(stubs, file), join(bin, basename(file, '.js')));
    printWaiting(bin);
    printThroughput(bin);
  } finally {
    rmSync(bin, { recursive: true });
  }
}

/** Prints what it costs to start many commands at once, most of which have to wait. */
function printThroughput(bin: string): void {
  const crowd = run(bin, `for i in $(seq ${CROWD}); do js-run true & done; wait`);
  const lone = run(bin, `for i in $(seq ${CROWD}); do js-run true; done`);
  const elapsed = `${crowd.elapsed.toFixed(1)} s, one by one ${lone.elapsed.toFixed(1)} s`;
  print(`${CROWD} x js-run true at once, CPU`, `${(crowd.cpu / lone.cpu).toFixed(2)} x one by one (${elapsed})`);
  const makespan = (script: string) => `${(run(bin, script).elapsed / IDEAL_SECONDS).toFixed(3)} x the ideal`;
  print(`${JOBS} x sleep 0.5 at once`, makespan(`for i in $(seq ${JOBS}); do js-run sleep 0.5 & done; wait`));
  print(`${JOBS} x sleep 0.5, xargs -P 8`, makespan(`seq ${JOBS} | xargs -P 8 -I{} js-run sleep 0.5`));
}

/** Prints what commands cost while they wait, from proc_pid_stat(5) and smaps_rollup. */
function printWaiting(bin: string): void {
  const { stdout } = run(
    bin,
    `slots=$(js-acquire -n ${SLOTS})
    for i in $(seq ${CROWD}); do js-run true & pids+=($!); done
    until [ $(ls "$XDG_RUNTIME_DIR"/jobserver-tools/*/locks | grep -c '^waits-token') = ${CROWD} ]; do sleep 0.1; done; sleep 2
    cpu() { for pid in "\${pids[@]}"; do cat /proc/$pid/stat; done | awk '{ sum += $14 + $15 } END { print sum }'; }
    cpu; sleep ${WATCHED}; cpu; getconf CLK_TCK
    for pid in "\${pids[@]}"; do awk '/^Private_Dirty/ { print $2 }' /proc/$pid/smaps_rollup; done
    js-release $slots; wait`,
  );
  const [before = 0, after = 0, ticks = 100, ...kilobytes] = stdout.trim().split('\n').map(Number);
  const msPerSecond = ((after - before) / ticks / WATCHED) * 1000;
  print(`${CROWD} that wait, CPU`, `${msPerSecond.toFixed(0)} ms a second in all`);
  print('one that waits, memory', `${(median(kilobytes) / 1024).toFixed(1)} MB private`);
}

const print = (name: string, figure: string): void => console.log(`${name.padEnd(32)} ${figure}`);

/**
 * Runs a bash script in a new pool.
 * @throws {Error} if it fails
 */
function run(bin: string, script: string): Cost {
  const create = ['-j', String(SLOTS), '--all-tokens', '--auth', 'fifo', '--', 'bash', '-c'];
  const { status, stdout, stderr } = spawnSync(
    `${bin}/js-create`,
    [...create, `TIMEFORMAT='%U %S %R'; time { ${script}; }`],
    {
      encoding: 'utf8',
      // The state of this pool alone is below that folder.
      env: {
        ...process.env,
        PATH: [bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        XDG_RUNTIME_DIR: bin,
      },
    },
  );
  if (status !== 0) throw new Error(`${script} ended with ${status}: ${stderr}`);
  const [user = 0, system = 0, elapsed = 0] = (stderr.trim().split('\n').at(-1) ?? '').split(' ').map(Number);
  return { stdout, cpu: user + system, elapsed };
}
