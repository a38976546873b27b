import { rmSync } from 'node:fs';
import { tryExactStat } from '../try-stat.js';
import { removeFolders } from './folder.js';
import { identify } from './identity.js';

/**
 * Removes what is left of a pool of ours: its state, and its FIFO, where that path does not lead to another by now.
 * @param key the identity of its FIFO
 */
export function removePool(folder: string, key: string, path: string): void {
  const stat = tryExactStat(path);
  if (stat !== undefined && identify(stat) === key) rmSync(path, { force: true });
  removeFolders(folder);
}
