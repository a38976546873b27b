import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Found } from './parts.js';

/** What the caller's environment may say; the rest (another pool, RUSTFLAGS, GOFLAGS, CC) would change what is built. */
const KEPT = ['HOME', 'LANG', 'LC_ALL', 'PYENV_ROOT', 'RUSTUP_HOME', 'RUSTUP_TOOLCHAIN', 'TMPDIR', 'USER'];

/**
 * What ends the build. It runs in a process group of its own, and all of that is sent SIGTERM whichever came: make hands
 * a signal to its recipes' shells at most, cargo none to its compilers, and most of them outlive the process that started them.
 */
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

export type Outcome = {
  /** Exit status of js-create, which is that of make; 128+n when a signal ended it, or us. */
  status: number;
  /** What of the pool is still there, by its name in the state folder: nothing, if js-create cleaned up. */
  left: string[];
  /** How many bytes of memory were free, at least. */
  freeMemory: number;
};

/**
 * Runs the Makefile, its output into work/make.log and its spans into work/spans.
 * @param inPool whether it runs in a pool of `slots`; else each tool takes so many jobs for itself, as without a jobserver
 */
export async function runBuild(work: string, slots: number, inPool: boolean, found: Found): Promise<Outcome> {
  // A state folder for this build alone: what is in it afterwards was left by it. Not in `work`, for not every file
  // system that a clone is on has FIFOs.
  const runtime = mkdtempSync(join(tmpdir(), 'js-demo-'));
  let freeMemory = Number.POSITIVE_INFINITY;
  const sample = setInterval(() => {
    freeMemory = Math.min(freeMemory, readFreeMemory());
  }, 100);
  try {
    const status = await runMake(work, inPool ? inPoolOf(slots) : withoutPool(slots), found, runtime);
    // The versions of the tools are kept for the next time.
    const left = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name !== 'jobserver-tools' && !name.startsWith('jobserver-tools/versions'),
    );
    return { status, left, freeMemory };
  } finally {
    clearInterval(sample);
    rmSync(runtime, { recursive: true, force: true });
  }
}

/** Returns what MemAvailable of proc_meminfo(5) says, in bytes. */
const readFreeMemory = (): number =>
  1024 * Number(/^MemAvailable: +(\d+) kB/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1]);

const inPoolOf = (slots: number): string[] => ['js-create', '-j', String(slots), '--', 'make'];

/** Every tool gets the number of jobs that it would take on a machine of so many processors. */
const withoutPool = (jobs: number): string[] => [
  ...['env', `CARGO_BUILD_JOBS=${jobs}`, 'make', '-j'],
  'RUN=env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL',
  `SUBMAKE=env -u MAKEFLAGS -u MFLAGS -u MAKELEVEL make -j${jobs}`,
  `GO_FLAGS=-p ${jobs}`,
];

async function runMake(
  work: string,
  [command = '', ...args]: readonly string[],
  { parts, python }: Found,
  runtime: string,
): Promise<number> {
  const bin = join(work, 'bin');
  const log = openSync(join(work, 'make.log'), 'w');
  const kept = Object.fromEntries(KEPT.map((name) => [name, process.env[name]]));
  const child = spawn(
    command === 'js-create' ? join(bin, command) : command,
    [
      ...args,
      ...['-C', join(work, '..')],
      `PARTS=${parts.map(({ name }) => name).join(' ')}`,
      ...(python ? [`PYTHON=${python}`] : []),
    ],
    {
      stdio: ['ignore', log, log],
      detached: true,
      env: {
        ...kept,
        PATH: `${bin}${delimiter}${process.env.PATH}`,
        SPANS: join(work, 'spans'),
        XDG_RUNTIME_DIR: runtime,
      },
    },
  );
  let caught: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    caught = signal;
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => {
        const by = caught ?? signal;
        resolve(by ? 128 + constants.signals[by] : (code ?? 1));
      });
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal);
    closeSync(log);
  }
}
