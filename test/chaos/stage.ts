import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { cleanEnvironment } from '../setup/environment.js';
import { make441Dir, ninja113Dir } from '../setup/tools.js';
import { MARK } from './processes.js';
import { MAKEFILE, NINJA_FILE } from './scenes.js';

/** Where it all happens: a folder, and one pool, whose session is this process. */
export interface Stage {
  dir: string;
  /** N. */
  slots: number;
  fifo: string;
  /** The state folder. */
  state: string;
  /** The mark of our processes. */
  run: string;
  /** The environment that joins the pool. */
  env: Record<string, string>;
}

/** @param repository the root of this package, built */
export function makeStage(repository: string, slots: number): Stage {
  const dir = mkdtempSync(join(tmpdir(), 'js-chaos-'));
  const [bin, runtime, seats] = ['bin', 'run', 'seats'].map((name) => {
    mkdirSync(join(dir, name), { mode: 0o700 });
    return join(dir, name);
  }) as [string, string, string];
  for (const file of readdirSync(join(repository, 'bin')))
    symlinkSync(join(repository, 'bin', file), join(bin, basename(file, '.js')));
  symlinkSync(join(repository, 'test/chaos/job'), join(bin, 'job'));
  writeFileSync(join(dir, 'Makefile'), MAKEFILE);
  writeFileSync(join(dir, 'build.ninja'), NINJA_FILE);
  const log = join(dir, 'jobs');
  writeFileSync(log, '');
  const run = basename(dir);
  const clean = cleanEnvironment([bin, make441Dir, ninja113Dir].join(delimiter), runtime);
  const marked = { ...clean, [MARK.run]: run, CHAOS_SEATS: seats, CHAOS_LIMIT: String(slots), CHAOS_LOG: log };
  const fifo = join(dir, 'fifo');
  const code = execFileSync(join(bin, 'js-create'), ['-j', String(slots), '--auth', 'fifo', '--fifo', fifo], {
    env: marked,
    encoding: 'utf8',
  });
  const joined = execFileSync('bash', ['-c', 'eval "$1"; env -0', '-', code], { env: marked, encoding: 'utf8' });
  const env = Object.fromEntries(
    joined
      .split('\0')
      .flatMap((line) => (line === '' ? [] : [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]])),
  ) as Record<string, string>;
  return { dir, slots, fifo, state: join(runtime, 'jobserver-tools'), run, env };
}

/** Runs one of the commands. @returns its exit status, and what it wrote */
export function runCommand(
  { dir, env }: Stage,
  name: string,
  ...args: string[]
): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(name, args, { cwd: dir, env, encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

/** @returns the lines that the keepers of the pool wrote */
export function readKeeperLog({ state }: Stage): string[] {
  const logs = readdirSync(state).map((name) => join(state, name, 'keeper.log'));
  return logs.flatMap((file) => {
    try {
      return readFileSync(file, 'utf8').split('\n').filter(Boolean);
    } catch {
      return [];
    }
  });
}
