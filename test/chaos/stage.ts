import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { cleanEnvironment } from '../setup/environment.js';
import { commandsDir, ninja113Dir } from '../setup/tools.js';
import { asUser, type Cast } from './casts.js';
import { MARK } from './processes.js';
import { MAKEFILE, NINJA_FILE } from './scenes.js';

/** Where it all happens: a folder, and one pool, whose session is this process. */
export interface Stage {
  dir: string;
  cast: Cast;
  /** N. */
  slots: number;
  fifo: string;
  /** The state folder. */
  state: string;
  /** The mark of our processes. */
  run: string;
  /** The environment that joins the pool; if it is advertised as a pair, that is not open in this process. */
  env: Record<string, string>;
  /** Closes what this process has open of the pool. */
  close(): void;
  /** The shell code that joins the pool. */
  code: string;
}

/** @param repository the root of this package, built */
export function makeStage(repository: string, slots: number, cast: Cast): Stage {
  const dir = mkdtempSync(join(tmpdir(), 'js-chaos-'));
  const user = asUser(cast.user?.id);
  const own = (path: string) => {
    if (cast.user !== undefined) chownSync(path, cast.user.id, cast.user.id);
  };
  own(dir);
  // Whoever plays may enter.
  chmodSync(dir, 0o755);
  const [bin, runtime, seats] = ['bin', 'run', 'seats'].map((name) => {
    const folder = join(dir, name);
    mkdirSync(folder, { mode: 0o700 });
    own(folder);
    return folder;
  }) as [string, string, string];
  for (const file of readdirSync(commandsDir).filter((name) => name.startsWith('js-')))
    symlinkSync(join(commandsDir, file), join(bin, basename(file, '.js')));
  symlinkSync(join(repository, 'test/chaos/job'), join(bin, 'job'));
  writeFileSync(join(dir, 'Makefile'), MAKEFILE);
  writeFileSync(join(dir, 'build.ninja'), NINJA_FILE);
  const log = join(dir, 'jobs');
  writeFileSync(log, '');
  own(log);
  const run = basename(dir);
  const { JOBSERVER_TOOLS_STATE: _, ...clean } = cleanEnvironment(
    [bin, cast.makeDir, ninja113Dir].join(delimiter),
    runtime,
  );
  const marked = {
    ...clean,
    XDG_RUNTIME_DIR: runtime,
    [MARK.run]: run,
    CHAOS_SEATS: seats,
    CHAOS_LIMIT: String(slots),
    CHAOS_LOG: log,
  };
  const fifo = join(dir, 'fifo');
  const options = { ...user, env: marked, encoding: 'utf8' } as const;
  execFileSync(join(bin, 'js-create'), ['-j', String(slots), '--auth', 'fifo', '--fifo', fifo], options);
  // In a shell, whose descriptors are free for a pair.
  const ask = ['-c', 'code=$(js-env --auth "$1" --fifo "$2"); printf %s "$code"', '-', cast.auth, fifo];
  const code = execFileSync('bash', ask, options);
  const joined = execFileSync('bash', ['-c', 'eval "$1"; env -0', '-', code], options);
  const env = Object.fromEntries(
    joined
      .split('\0')
      .flatMap((line) => (line === '' ? [] : [[line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]])),
  ) as Record<string, string>;
  // The session of a pair has it open, as a shell has that joined by eval.
  const modes = cast.auth === 'fifo' ? [] : [constants.O_RDONLY, constants.O_WRONLY];
  const held = modes.map((mode) => openSync(fifo, mode | constants.O_NONBLOCK));
  const close = () => {
    for (const fd of held) closeSync(fd);
  };
  return { dir, cast, slots, fifo, code, close, state: join(runtime, 'jobserver-tools'), run, env };
}

/** Runs one of the commands. @returns its exit status, and what it wrote */
export function runCommand(
  { dir, env, cast }: Stage,
  name: string,
  ...args: string[]
): { status: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(name, args, {
    ...asUser(cast.user?.id),
    cwd: dir,
    env,
    encoding: 'utf8',
  });
  return { status, text: stdout + stderr };
}

/** Returns the paths of all that is in a folder; what is removed meanwhile, as with a pool, may be missing. */
export function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? [path, ...listFiles(path)] : path;
    });
  } catch {
    return [];
  }
}

/** Returns the lines that the keepers of the pool wrote. */
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
