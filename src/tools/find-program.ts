import { existsSync, type Stats } from 'node:fs';
import { basename } from 'node:path';
import { tryStat } from '../try-stat.js';
import { isShim } from './shim-folder.js';

/** Finds the file that a command runs in the end, never a wrapper of ours; undefined if there is none. */
export function findProgram(command: string, path: string | undefined): { file: string; stat: Stats } | undefined {
  const name = isShim(command) ? basename(command) : command;
  const files = name.includes('/')
    ? [name]
    : (path ?? '').split(':').flatMap((folder) => (isShim(folder) ? [] : `${folder || '.'}/${name}`));
  for (const file of files) {
    // Most folders do not have it, and existsSync() alone costs less.
    const stat = existsSync(file) ? tryStat(file) : undefined;
    if (stat?.isFile() && (stat.mode & 0o111) !== 0) return { file, stat };
  }
  return undefined;
}
