import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { execa } from 'execa';
import { expect, onTestFinished } from 'vitest';
import { cleanEnvironment } from '../setup/environment.js';
import { commandsDir, commandsNode } from '../setup/tools.js';
import { parseSpans, type Span } from '../spans/spans.js';

const ROOT = resolve(import.meta.dirname, '../..');

/** How a script ended. */
export interface Ended {
  stdout: string;
  stderr: string;
  /** As a shell gives it: 128+n after signal n. */
  status: number;
}

/** A folder of a test's own, with the commands on PATH and a state folder that nobody else uses. */
export interface World {
  dir: string;
  env: Record<string, string>;
  /** The state folder of its pools. */
  state: string;
  /** Runs a script in a real shell, by default bash. Everything that it started is ended with it. */
  run(script: string, options?: { shell?: string; env?: Record<string, string>; timeout?: number }): Promise<Ended>;
  /** Writes a file into the folder, executable; returns its path. */
  file(name: string, text: string): string;
  /** What the jobs recorded (see test/spans/span). */
  spans(): Promise<Span[]>;
  /** Waits until no pool is left: no FIFO, no state. */
  expectNoPool(): Promise<void>;
}

/** Makes a world; it goes when the test ends, and a pool that is still there then fails the test. */
export function makeWorld(): World {
  const dir = mkdtempSync(join(tmpdir(), 'js-'));
  const bin = join(dir, 'bin');
  const runtime = join(dir, 'run');
  const state = join(runtime, 'jobserver-tools');
  mkdirSync(bin);
  mkdirSync(runtime, { mode: 0o700 });
  for (const file of readdirSync(commandsDir).filter((name) => name.startsWith('js-')))
    symlinkSync(join(commandsDir, file), join(bin, basename(file, '.js')));
  symlinkSync(commandsNode, join(bin, 'node'));
  for (const job of ['span', 'meet']) symlinkSync(join(ROOT, 'test/spans', job), join(bin, job));
  const env: Record<string, string> = { ...cleanEnvironment(bin, runtime), SPANS: join(dir, 'spans') };
  const groups: number[] = [];

  const world: World = {
    dir,
    env,
    state,
    async run(script, { shell = 'bash', env: more = {}, timeout = 60_000 } = {}) {
      const child = execa(shell, ['-c', script], {
        cwd: dir,
        env: { ...env, ...more },
        extendEnv: false,
        // A process group of its own, to end all of it.
        detached: true,
        reject: false,
        stdin: 'ignore',
        stripFinalNewline: false,
      });
      if (child.pid !== undefined) groups.push(child.pid);
      const timer = setTimeout(() => endGroup(child.pid), timeout);
      const { stdout, stderr, exitCode, signal, signalDescription } = await child;
      clearTimeout(timer);
      expect(signal === 'SIGKILL' ? `killed after ${timeout} ms: ${stderr}` : '', signalDescription).toBe('');
      const { constants } = await import('node:os');
      return { stdout, stderr, status: exitCode ?? 128 + (signal ? constants.signals[signal] : 0) };
    },
    file(name, text) {
      const path = join(dir, name);
      writeFileSync(path, text, { mode: 0o755 });
      return path;
    },
    async spans() {
      const { readFileSync } = await import('node:fs');
      return parseSpans(readFileSync(join(dir, 'spans'), 'utf8'));
    },
    async expectNoPool() {
      await expect.poll(() => poolsIn(state), { timeout: 5000, interval: 50 }).toEqual([]);
    },
  };
  onTestFinished(async () => {
    for (const group of groups) endGroup(group);
    try {
      await world.expectNoPool();
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  return world;
}

/** Returns what is left in a state folder of pools. */
function poolsIn(state: string): string[] {
  return existsSync(state) ? readdirSync(state).filter((name) => name !== 'versions') : [];
}

function endGroup(group: number | undefined): void {
  try {
    if (group !== undefined) process.kill(-group, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
