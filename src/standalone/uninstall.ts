import { rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Command } from '../cli/command.js';
import { attempt, errorCode, JobserverError } from '../errors.js';
import { isInPlace, listInstalled, PREFIX_OPTION, prefixOf } from './layout.js';

export const command: Command = {
  name: 'jobserver-tools uninstall',
  summary: 'Takes away what install has put into DIR, and the folders that are empty then.',
  operands: '',
  options: [PREFIX_OPTION],
  main(context) {
    const prefix = prefixOf(context);
    // The commands first, so that none is there without its wrappers.
    const all = listInstalled().reverse();
    const ours = all
      .map((entry) => ({ entry, path: join(prefix, entry.path) }))
      .filter(({ entry, path }) => isInPlace(entry, path));
    if (ours.length === 0) throw new JobserverError('failed', `nothing is installed in '${prefix}'; see --prefix`);
    for (const { path } of ours) {
      attempt('remove', path, () => unlinkSync(path));
      removeEmpty(dirname(path), prefix);
    }
    context.print(`removed from ${prefix}\n`);
    return 0;
  },
};

/** Removes a folder below the prefix if it is empty, and those above it that are then. */
function removeEmpty(folder: string, prefix: string): void {
  if (folder === prefix) return;
  try {
    rmdirSync(folder);
  } catch (error) {
    // Not empty; or not ours to remove, which harms nobody.
    if (errorCode(error) !== undefined) return;
    throw error;
  }
  removeEmpty(dirname(folder), prefix);
}
