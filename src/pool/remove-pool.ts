import { lstatSync, rmSync } from 'node:fs';
import { userId } from '../process/user.js';
import { identify } from './identity.js';
import { removeFolders } from './pool-folder.js';
import { removePointer } from './state-pointer.js';

/**
 * Removes what is left of a pool of ours: its state, its pointer, and its FIFO, if that path does not lead to another by now.
 * @param key the identity of its FIFO
 * @param owner the user whose pool it is
 */
export function removePool(folder: string, key: string, path: string, owner = userId()): void {
  removeFifo(path, key);
  removePointer(path, key, owner);
  removeFolders(folder);
}

/** Removes a FIFO, if it has that identity: not a link to it, nor a file that has got its inode since. */
export function removeFifo(path: string, key: string): void {
  try {
    const stat = lstatSync(path, { bigint: true });
    if (stat.isFIFO() && identify(stat) === key) rmSync(path, { force: true });
  } catch {
    // It is gone, or in a folder that we may not look into or change.
  }
}
