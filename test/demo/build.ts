import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
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
};

/** Runs the Makefile in a pool of `slots`, its output into work/make.log and its spans into work/spans. */
export async function runBuild(work: string, slots: number, found: Found): Promise<Outcome> {
  // A state folder for this build alone: what is in it afterwards was left by it. Not in `work`, for not every file
  // system that a clone is on has FIFOs.
  const runtime = mkdtempSync(join(tmpdir(), 'js-demo-'));
  try {
    const status = await runMake(work, slots, found, runtime);
    // The versions of the tools are kept for the next time.
    const left = readdirSync(runtime, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name !== 'jobserver-tools' && !name.startsWith('jobserver-tools/versions'),
    );
    return { status, left };
  } finally {
    rmSync(runtime, { recursive: true, force: true });
  }
}

async function runMake(work: string, slots: number, { parts, python }: Found, runtime: string): Promise<number> {
  const bin = join(work, 'bin');
  const log = openSync(join(work, 'make.log'), 'w');
  const kept = Object.fromEntries(KEPT.map((name) => [name, process.env[name]]));
  const child = spawn(
    join(bin, 'js-create'),
    [
      ...['-j', String(slots), '--', 'make', '-C', join(work, '..')],
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
