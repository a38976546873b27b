import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Command } from '../cli/command.js';
import { attempt, JobserverError } from '../errors.js';
import { type Installed, isFile, isInPlace, isThere, listInstalled, PREFIX_OPTION, prefixOf } from './layout.js';

export const command: Command = {
  name: 'jobserver-tools install',
  summary:
    'Copies this executable into DIR/bin, and puts the commands, manual pages, completions and wrappers in place.',
  operands: '',
  options: [PREFIX_OPTION],
  main(context) {
    const prefix = prefixOf(context);
    const all = listInstalled();
    for (const entry of all) refuseForeign(entry, join(prefix, entry.path));
    for (const entry of all) {
      const path = join(prefix, entry.path);
      attempt('install', path, () => put(entry, path));
    }
    context.print(`installed in ${prefix}; 'jobserver-tools uninstall --prefix ${prefix}' takes it away again\n`);
    return 0;
  },
};

/** Throws if something else is at the path, such as what npm has installed; a file may be of an earlier version of ours. */
function refuseForeign(entry: Installed, path: string): void {
  if (!isThere(path) || ('link' in entry ? isInPlace(entry, path) : isFile(path))) return;
  throw new JobserverError(
    'failed',
    `'${path}' is there already and is not ours; remove it, or choose another --prefix`,
  );
}

/** Puts a file in place whole, for programs that are using the one that is there. */
function put(entry: Installed, path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const staging = join(dirname(path), `.${basename(path)}-${process.pid}`);
  try {
    if ('link' in entry) symlinkSync(entry.link, staging);
    else if ('text' in entry) writeFileSync(staging, entry.text);
    else copyFileSync(entry.program, staging);
    if (!('link' in entry)) chmodSync(staging, entry.mode ?? 0o644);
    renameSync(staging, path);
  } finally {
    rmSync(staging, { force: true });
  }
}
