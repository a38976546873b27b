import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Found } from './parts.js';

/** What the caller's environment may say; the rest (a pool of his, RUSTFLAGS, GOFLAGS, CC) would change what is built. */
const KEPT = [
  'HOME',
  'LANG',
  'LC_ALL',
  'PYENV_ROOT',
  'RUSTUP_HOME',
  'RUSTUP_TOOLCHAIN',
  'TMPDIR',
  'USER',
  'XDG_RUNTIME_DIR',
];

/**
 * Runs the Makefile in a pool of `slots`, its output into work/make.log and its spans into work/spans.
 * Gives the exit status, 128+n for a signal.
 */
export async function runBuild(work: string, slots: number, { parts, python }: Found): Promise<number> {
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
      env: { ...kept, PATH: `${bin}${delimiter}${process.env.PATH}`, SPANS: join(work, 'spans') },
    },
  );
  // A ^C reaches the builds too, which clean up: stay until they have. What is sent to this process alone is handed on.
  const onInterrupt = () => {};
  const onTerminate = () => child.kill('SIGTERM');
  process.on('SIGINT', onInterrupt).on('SIGTERM', onTerminate);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? 'SIGTERM']));
    });
  } finally {
    process.off('SIGINT', onInterrupt).off('SIGTERM', onTerminate);
    closeSync(log);
  }
}
