import { lstatSync, rmSync } from 'node:fs';
import { removeFolders } from './folder.js';
import { identify } from './identity.js';

/**
 * Removes what is left of a pool of ours: its state, and its FIFO, where that path does not lead to another by now.
 * @param key the identity of its FIFO
 */
export function removePool(folder: string, key: string, path: string): void {
  removeFifo(path, key);
  removeFolders(folder);
}

/** Removes a FIFO, if it is that one: not a link to it, nor a file that got its inode where the file system knows no birth. */
export function removeFifo(path: string, key: string): void {
  try {
    const stat = lstatSync(path, { bigint: true });
    if (stat.isFIFO() && identify(stat) === key) rmSync(path, { force: true });
  } catch {
    // It is gone, or in a folder that is not ours to look into or to change.
  }
}
