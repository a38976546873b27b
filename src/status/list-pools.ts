import { readdirSync } from 'node:fs';
import type { Env } from '../environment.js';
import { isJobserverError } from '../errors.js';
import { openPool, type Pool } from '../pool/pool.js';
import { readRecord } from '../pool/pool-record.js';
import { listStateRoots } from '../pool/state-folder.js';

/** Opens every pool of this user that js-create made and that has not ended. */
export function listOwnPools(env: Env): Pool[] {
  const folders = listStateRoots(env).flatMap((root) => readdirSync(root).map((key) => ({ root, key })));
  return folders.flatMap(({ root, key }) => tryOpen(root, key) ?? []);
}

/** Opens the pool of that identity; undefined if it has ended, or if its FIFO is another file by now. */
function tryOpen(root: string, key: string): Pool | undefined {
  try {
    const record = readRecord(`${root}/${key}`);
    const pool = record && openPool({ kind: 'fifo', path: record.path }, root);
    return pool?.key === key ? pool : undefined;
  } catch (error) {
    if (isJobserverError(error)) return undefined;
    throw error;
  }
}
