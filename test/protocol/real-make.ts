import { type SpawnSyncOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { make43, make441Dir } from '../setup/tools.js';

/** The makes whose MAKEFLAGS the parser must get right: the last without FIFO pools, and one with them. */
export const MAKES = [
  ['4.3', make43],
  ['4.4.1', join(make441Dir, 'make')],
] as const;

/** What a real make gave to the process of a recipe line. */
export interface Recipe {
  env: ReadonlyMap<string, string>;
  /** What make had to say: nothing, where it understood its MAKEFLAGS. */
  stderr: string;
}

/** @returns a folder that goes with the test; a blank in its name has to be quoted wherever make speaks of it */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'js make-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * Runs make on a Makefile whose only recipe line prints its environment.
 * @param prefix what the line begins with: `+` has it run under make -n too, and gives it the pair R,W
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
    // LANG as in a terminal: what make takes for a blank could depend on it.
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
