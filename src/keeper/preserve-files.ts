import { readdirSync, statSync, utimesSync } from 'node:fs';
import { dirname } from 'node:path';
import { isOwnFifo } from '../pool/fifo-name.js';
import type { Pool } from '../pool/pool.js';
import { claimsFolder, locksFolder, recordSession, restoreFolders } from '../pool/pool-folder.js';
import type { PoolRecord } from '../pool/pool-record.js';
import { followPointer, pointerFile, writePointer } from '../pool/state-pointer.js';
import { userId } from '../process/user.js';

/** Makes what is missing of a pool's state: somebody has removed it, or a service that removes old files (tmpfiles.d(5)). */
export function restore({ folder, key }: Pool, { path, session }: PoolRecord): void {
  restoreFolders(folder);
  if (session !== null) recordSession(folder, session);
  if (isOwnFifo(path.slice(path.lastIndexOf('/') + 1))) return;
  if (followPointer(path, key, userId()) === undefined) writePointer(path, dirname(folder), key, userId());
}

/**
 * Sets the access time of every file of a pool, because services remove from /tmp what is old by all of its times. The times of
 * modification stay: they say when a claim was written.
 */
export function refresh({ folder }: Pool, { path }: PoolRecord): void {
  const inside = [folder, claimsFolder(folder), locksFolder(folder)].flatMap((at) =>
    list(at).map((name) => `${at}/${name}`),
  );
  for (const file of [dirname(folder), folder, ...inside, path, pointerFile(path)]) {
    try {
      utimesSync(file, new Date(), statSync(file).mtime);
    } catch {
      // It has just been removed, or was never there.
    }
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
