import { type BigIntStats, closeSync, fstatSync, openSync } from 'node:fs';
import type { Env } from '../environment.js';
import { cannot, isExhausted, isJobserverError, JobserverError } from '../errors.js';
import { descriptorStat, readDescriptor } from '../process/process-descriptors.js';
import { findPoolState, type StatePlace } from './find-pool-state.js';
import { identify } from './identity.js';
import { openPath, READ } from './open-path.js';
import { nobodyKeeps } from './pool-errors.js';
import { isKeeperDead, isOver, type PoolRecord, readRecord } from './pool-record.js';

/** How a client reaches a pool. */
export type PoolAddress =
  | { kind: 'fifo'; path: string }
  /**
   * The pair R,W as it is open in the process `holder`: this one, or the client above us. `client` is the pid of the client, if it
   * is known: that process has the pair open as long as anybody can use it.
   */
  | { kind: 'pair'; read: number; write: number; holder: number; client?: number };

/** A pool that is open for reading; closePool() ends that. */
export interface Pool {
  address: PoolAddress;
  /** Its name that outlives its path (see identify). */
  key: string;
  /** An O_RDONLY|O_NONBLOCK descriptor of our own, so that no flag that others see is changed (PROTOCOL 13, 15). */
  fd: number;
  /** Whether a token that arrives wakes a waiter: not with a character device, which Node does not wait for. */
  wakes: boolean;
  /** The N of the pool, if it is known. */
  jobs: number | undefined;
  /** The folder of its state, which need not exist yet. */
  folder: string;
  /** The user whose pool it is, if that is another one; root acts as that user in the folder. */
  user: number | undefined;
  /** What js-create or its keeper wrote about it last; undefined for a pool of somebody else's. */
  record: PoolRecord | undefined;
}

interface OpenOptions {
  jobs?: number | undefined;
  allowAbandoned?: boolean | undefined;
}

/**
 * Opens a pool for taking and returning tokens.
 * @param address how to reach it
 * @param place the state folder, or the environment that it may depend on (see findPoolState)
 * @param options.jobs the N that MAKEFLAGS advertises, if it does
 * @param options.allowAbandoned whether a FIFO that nobody keeps open will do, as for removing it
 * @throws JobserverError 'no-pool' if there is no FIFO or device, or it is not ours to open; 'failed' if its state is out of reach
 */
export function openPool(
  address: PoolAddress,
  place: string | Env,
  { jobs, allowAbandoned = false }: OpenOptions = {},
): Pool {
  const name = describeAddress(address);
  const { fd, kept } = openForReading(address, name);
  try {
    const stat = fstatSync(fd, { bigint: true });
    const key = identify(stat);
    const state: StatePlace =
      typeof place === 'string'
        ? { root: place, user: undefined }
        : findPoolState(stat, readDescriptor('self', fd), place);
    const folder = `${state.root}/${key}`;
    const record = readRecord(folder);
    // A pool of ours whose keeper was killed gets another one.
    const lives =
      record !== undefined && isKeeperDead(record) ? !isOver(record, key) : kept && !isRemoved(stat, record);
    if (!lives && !allowAbandoned) throw nobodyKeeps(name);
    return { address, key, fd, wakes: stat.isFIFO(), jobs: record?.jobs ?? jobs, folder, user: state.user, record };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/**
 * Returns whether the pool has ended although its FIFO is open: processes that have inherited a pair of it, such as our parent and we
 * ourselves, keep it open for ever. When a pool of ours ends, its FIFO and its state are removed; a pipe has no name to lose.
 */
const isRemoved = (stat: BigIntStats, record: PoolRecord | undefined): boolean =>
  record === undefined && stat.isFIFO() && stat.nlink === 0n;

/** Closes what openPool() opened. */
export function closePool(pool: Pool): void {
  closeSync(pool.fd);
}

/** Returns the pool as a message names it. */
export function describePool(pool: Pool): string {
  return pool.record?.path ?? describeAddress(pool.address);
}

/** Returns whether a process's descriptor leads to the pool's pipe or FIFO. */
export function isOpenAs(pool: Pool, pid: number | 'self', fd: number): boolean {
  const stat = descriptorStat(pid, fd);
  return stat !== undefined && identify(stat) === pool.key;
}

/** Opens the pool's pipe once more, with flags as for open(2). @returns a descriptor that the caller closes */
export function reopen(pool: Pool, flags: number): number {
  // Through the open descriptor: the path may lead elsewhere by now.
  return openSync(`/proc/self/fd/${pool.fd}`, flags);
}

function describeAddress(address: PoolAddress): string {
  return address.kind === 'fifo' ? address.path : `${address.read},${address.write}`;
}

/** Returns a descriptor, and whether any other process had the pool open. */
function openForReading(address: PoolAddress, name: string): { fd: number; kept: boolean } {
  const open = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (isJobserverError(error)) throw error;
      // Only if the pool is not there may js-run go on without a slot.
      throw cannot('open the pool', name, error, isExhausted(error) ? 'failed' : 'no-pool');
    }
  };
  if (address.kind === 'fifo') return open(() => openPath(address.path));
  const [read, write] = [address.read, address.write].map((fd) => descriptorStat(address.holder, fd));
  if (read === undefined || write === undefined) {
    throw new JobserverError('no-pool', `cannot join the pool '${name}': the descriptors are closed`);
  }
  if (!read.isFIFO() || identify(read) !== identify(write)) {
    throw new JobserverError('no-pool', `cannot join the pool '${name}': the descriptors are not a pipe`);
  }
  return { fd: open(() => openSync(`/proc/${address.holder}/fd/${address.read}`, READ)), kept: true };
}
