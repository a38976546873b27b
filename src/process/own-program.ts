import { realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { debuggerOptions } from './override-node-signals.js';
import { readArguments, readProgram, resolveFor } from './process-table.js';

/** Whether this is the executable that needs no Node, which Bun runs; in the bundles of the package it is false from the build on. */
export const isStandalone = process.versions.bun !== undefined;

/** The word by which the executable runs the keeper. */
export const KEEPER = 'keeper';

/** The folder of the wrappers: the package's, or the one that `jobserver-tools install` fills. */
export const SHIMS = isStandalone
  ? join(dirname(process.execPath), '../lib/jobserver-tools/shims')
  : join(__dirname, '../shims');

/** Returns the program that runs a keeper, and its arguments before the order. */
export const keeperWords = (): [string, ...string[]] =>
  isStandalone
    ? [process.execPath, KEEPER]
    : [process.execPath, ...debuggerOptions(), join(__dirname, '../keeper/keeper.js')];

/** Returns which command a process runs, as `js-run`, by the words that it was started with; undefined if it is none of ours. */
export function readCommand(pid: number): string | undefined {
  // `js-run` or `jobserver-tools js-run` of the executable, `node /usr/bin/js-run`.
  const names = readArguments(pid).slice(0, 2).map(nameOf);
  return names.find((name) => name !== undefined);
}

const nameOf = (word: string): string | undefined => /^(js-[a-z]+)(\.js)?$/.exec(basename(word))?.[1];

/** Returns whether a process runs a command of the same installation as this process. */
export function isOfOurs(pid: number): boolean {
  const program = readProgram(pid);
  if (isStandalone) return program === process.execPath;
  if (!/^node|^bun/.test(basename(program ?? ''))) return false;
  const file = resolveFor(pid, readArguments(pid)[1] ?? '');
  return file !== undefined && dirname(file) === binFolder();
}

let bin: string | undefined;

function binFolder(): string {
  bin ??= realpathSync(join(__dirname, '../../bin'));
  return bin;
}
