import { existsSync, lstatSync, readdirSync, statSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { cannot, isJobserverError } from '../errors.js';
import { makerOf } from '../pool/fifo-name.js';
import { isOpenAnywhere } from '../pool/find-openers.js';
import { identify } from '../pool/identity.js';
import { isAbandoned } from '../pool/open-path.js';
import { removeFolders } from '../pool/pool-folder.js';
import { isKeeperDead, isOver, type PoolRecord, readRecord } from '../pool/pool-record.js';
import { removeFifo, removePool } from '../pool/remove-pool.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { isAlive, pidOf, readProcess } from '../process/process-table.js';
import { listClaims, readClaim } from '../slots/read-claim.js';
import { isInUse } from '../slots/sweep-dead-claims.js';

/** More than js-create takes from the first file to the last. */
const CREATION_MS = 60_000;

/** The result of a sweep. */
export interface Sweep {
  /** A line for each thing that was removed. */
  removed: string[];
  /** A line for each thing that could not be looked at or removed. */
  failures: string[];
}

/**
 * Removes what commands and keepers that were killed have left in the state folder. A pool that can have a new keeper stays, and so
 * does what no command of ours makes. If one thing cannot be read, the others are removed all the same.
 */
export function sweepStale(root: string): Sweep {
  const sweep: Sweep = { removed: [], failures: [] };
  const names = readdirSync(root);
  const attempt = (name: string, action: (root: string, name: string) => string | undefined) => {
    try {
      const removed = action(root, name);
      if (removed !== undefined) sweep.removed.push(removed);
    } catch (error) {
      sweep.failures.push(
        isJobserverError(error) ? error.message : cannot('clean up', join(root, name), error).message,
      );
    }
  };
  for (const name of names) attempt(name, sweepFolder);
  // After the folders: a FIFO with a folder is that of a pool.
  for (const name of names) attempt(name, sweepFifo);
  return sweep;
}

/** Sweeps the folder of a pool, which is named by the pool's identity. */
function sweepFolder(root: string, key: string): string | undefined {
  const folder = join(root, key);
  if (!/^\d+-\d+-\w+$/.test(key) || !lstatSync(folder, { throwIfNoEntry: false })?.isDirectory()) return undefined;
  const record = readRecordOr(folder, () => isOld(folder) && !isOpenAnywhere(key));
  if (record === 'useless') {
    removeFolders(folder);
    return `the state in '${folder}': its pool has ended, and its pool.json was damaged`;
  }
  if (record === undefined) return sweepForeign(folder, key);
  if (!isDead(folder, key, record) || !isOver(record, key)) return undefined;
  removePool(folder, key, record.path);
  const { owner, keeper, namespace } = record;
  const isSeen = namespace === pidNamespace();
  const why =
    owner === null || (isSeen && isAlive(owner)) ? `its FIFO is gone` : `its owner (pid ${pidOf(owner)}) has ended`;
  return `the pool '${record.path}': its keeper (pid ${pidOf(keeper)}) was killed, and ${why}`;
}

/** Returns the record; 'useless' if it cannot be read and nobody needs it. @throws as readRecord() if somebody may need it */
function readRecordOr(folder: string, isNeedless: () => boolean): PoolRecord | 'useless' | undefined {
  try {
    return readRecord(folder);
  } catch (error) {
    if (isNeedless()) return 'useless';
    throw error;
  }
}

/** Returns whether the keeper has ended; one in another pid namespace has if it has closed its FIFO. */
function isDead(folder: string, key: string, record: PoolRecord): boolean {
  if (isKeeperDead(record)) return true;
  // While a pool is made, there is no keeper for a moment.
  return record.namespace !== pidNamespace() && isOld(folder) && isAbandoned(record.path, key);
}

/** Sweeps the claims in a pool of somebody else's, which is all there is of one; after a crash they may outlive the pool. */
function sweepForeign(folder: string, key: string): string | undefined {
  if (!isOld(folder)) return undefined;
  const isUsed = (id: string) => {
    const claim = readClaim({ folder }, id);
    return claim !== undefined && isInUse({ folder }, claim);
  };
  // As long as anybody has the pool open, their tokens can still go back.
  if (listClaims({ folder }).some(isUsed) || isOpenAnywhere(key)) return undefined;
  removeFolders(folder);
  return `the claims in '${folder}': their pool has ended`;
}

/**
 * Returns whether a file is too old for a command to be just making it. A time as far in the future counts too: then the clock was
 * set back.
 */
function isOld(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Math.abs(nowIn(dirname(path)) - stat.mtimeMs) >= CREATION_MS;
}

/** Returns the time as the file system has it, whose clock may be a server's. */
function nowIn(folder: string): number {
  const file = join(folder, `.now-${process.pid}`);
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
    try {
      return statSync(file).mtimeMs;
    } finally {
      unlinkSync(file);
    }
  } catch {
    return Date.now();
  }
}

/** Sweeps a FIFO in the state folder, which is named by the js-create that made it (see nameOwnFifo). */
function sweepFifo(root: string, name: string): string | undefined {
  const maker = makerOf(name);
  if (maker === undefined || readProcess(maker) !== undefined) return undefined;
  const path = join(root, name);
  // A maker in another pid namespace cannot be seen.
  if (maker === 0 && !isOld(path)) return undefined;
  const stat = lstatSync(path, { bigint: true, throwIfNoEntry: false });
  if (!stat?.isFIFO()) return undefined;
  const key = identify(stat);
  const folder = join(root, key);
  // If that cannot be read, sweepFolder() has said so.
  if (existsSync(`${folder}/pool.json`)) return undefined;
  removeFifo(path, key);
  removeFolders(folder);
  return `the FIFO '${path}': the js-create that was making it was killed`;
}
