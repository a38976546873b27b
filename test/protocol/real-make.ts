import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { make43, make441Dir } from '../setup/tools.js';

/** The makes whose MAKEFLAGS the parser must read: the last without FIFO pools, and one with them. */
export const MAKES = [
  ['4.3', make43],
  ['4.4.1', join(make441Dir, 'make')],
] as const;

/** What a real make gave to a recipe line. */
export interface Recipe {
  env: ReadonlyMap<string, string>;
  /** What make printed; nothing if it understood its MAKEFLAGS. */
  stderr: string;
}

/** Makes a folder that is removed after the test. The blank in its name has to be quoted in MAKEFLAGS. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'js make-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * Runs make on a Makefile whose only recipe line prints its environment.
 * @param prefix what the line begins with: with `+` make runs it under -n too, and gives it the pair R,W
 */
export function runMake(
  make: string,
  args: readonly string[],
  { env = {}, prefix = '+', stdio = 'pipe' }: MakeOptions = {},
): Recipe {
  const folder = makeFolder();
  writeFileSync(join(folder, 'Makefile'), `all:\n\t${prefix}@env -0\n`);
  const { stdout, stderr } = spawnSync(make, args, {
    cwd: folder,
    // As in a terminal: what make takes for a blank could depend on the locale.
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', TMPDIR: folder, ...env },
    encoding: 'utf8',
    stdio,
  });
  const words = stdout.split('\0').filter(Boolean);
  return { env: new Map(words.map((word) => [word.replace(/=[\s\S]*/, ''), word.replace(/^[^=]*=/, '')])), stderr };
}

interface MakeOptions {
  env?: NodeJS.ProcessEnv;
  prefix?: string;
  stdio?: SpawnSyncOptions['stdio'];
}
