import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { cannot, JobserverError } from '../errors.js';
import { descriptorStat } from '../process/process-table.js';
import { identify } from './identity.js';
import { type PoolRecord, readRecord } from './record.js';

/** How a pool's client reaches it. */
export type Way =
  | { kind: 'fifo'; path: string }
  /** The pair R,W as it is open in the process `holder`: this one, or the client above us. */
  | { kind: 'pair'; read: number; write: number; holder: number };

/** A pool that is open for reading; closePool() ends that. */
export interface Pool {
  way: Way;
  /** Its name that outlives its path (see identify). */
  key: string;
  /** An O_RDONLY|O_NONBLOCK descriptor of our own, so that no flag that others see is changed (PROTOCOL 13, 15). */
  fd: number;
  /** The N of the pool, where it is known. */
  jobs: number | undefined;
  /** The folder of its state. It need not exist yet. */
  folder: string;
  /** What js-create wrote about it; undefined for a pool of somebody else's. */
  record: PoolRecord | undefined;
}

/**
 * Opens a pool for taking and returning tokens.
 * @param way where it is
 * @param root the state folder
 * @param jobs the N that MAKEFLAGS speaks of, if it does
 * @throws JobserverError 'no-pool' where there is no FIFO or device, or it is not ours to open
 */
export function openPool(way: Way, root: string, jobs?: number): Pool {
  const name = describeWay(way);
  const fd = openForReading(way, name);
  try {
    const stat = fstatSync(fd, { bigint: true });
    // make 4.4.1 takes a regular file for a pool without a word (PROTOCOL 17).
    if (!stat.isFIFO() && !stat.isCharacterDevice()) {
      throw new JobserverError('no-pool', `cannot join the pool '${name}': it is not a FIFO`);
    }
    const key = identify(stat);
    const folder = `${root}/${key}`;
    const record = readRecord(folder);
    return { way, key, fd, jobs: record?.jobs ?? jobs, folder, record };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** Gives up what openPool() took. */
export function closePool(pool: Pool): void {
  closeSync(pool.fd);
}

/** @returns the pool as a message names it. */
export function describePool(pool: Pool): string {
  return pool.record?.path ?? describeWay(pool.way);
}

/** @returns another description of the pool's pipe, that the caller closes; flags as for open(2). */
export function reopen(pool: Pool, flags: number): number {
  // Through the open descriptor: the path may lead elsewhere by now.
  return openSync(`/proc/self/fd/${pool.fd}`, flags);
}

function describeWay(way: Way): string {
  return way.kind === 'fifo' ? way.path : `${way.read},${way.write}`;
}

function openForReading(way: Way, name: string): number {
  const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
  if (way.kind === 'fifo') {
    try {
      return openSync(way.path, flags);
    } catch (error) {
      throw cannot('open the pool', name, error, 'no-pool');
    }
  }
  const [read, write] = [way.read, way.write].map((fd) => descriptorStat(way.holder, fd));
  if (read === undefined || write === undefined) {
    throw new JobserverError('no-pool', `cannot join the pool '${name}': the descriptors are closed`);
  }
  if (!read.isFIFO() || identify(read) !== identify(write)) {
    throw new JobserverError('no-pool', `cannot join the pool '${name}': the descriptors are no pipe`);
  }
  try {
    return openSync(`/proc/${way.holder}/fd/${way.read}`, flags);
  } catch (error) {
    throw cannot('open the pool', name, error, 'no-pool');
  }
}
