import { type BigIntStats, closeSync, fstatSync, openSync } from 'node:fs';
import type { Env } from '../environment.js';
import { cannot, isExhausted, isJobserverError, JobserverError } from '../errors.js';
import { descriptorStat, readDescriptor } from '../process/process-descriptors.js';
import { findPoolState, type StatePlace } from './find-pool-state.js';
import { identify } from './identity.js';
import { openPath, READ } from './open-path.js';
import { nobodyKeeps } from './pool-errors.js';
import { isKeeperDead, isOver, type PoolRecord, readRecord } from './pool-record.js';

/** How a pool's client reaches it. */
export type PoolAddress =
  | { kind: 'fifo'; path: string }
  /**
   * The pair R,W as it is open in the process `holder`: this one, or the client above us. `client` is that one's pid, if it
   * is known: it has the pair open as long as anybody can use it.
   */
  | { kind: 'pair'; read: number; write: number; holder: number; client?: number };

/** A pool that is open for reading; closePool() ends that. */
export interface Pool {
  address: PoolAddress;
  /** Its name that outlives its path (see identify). */
  key: string;
  /** An O_RDONLY|O_NONBLOCK descriptor of our own, so that no flag that others see is changed (PROTOCOL 13, 15). */
  fd: number;
  /** Whether a token that comes wakes who waits; not with a character device, which Node does not wait for. */
  wakes: boolean;
  /** The N of the pool, where it is known. */
  jobs: number | undefined;
  /** The folder of its state. It need not exist yet. */
  folder: string;
  /** The user that root acts as in there, whose pool it is; undefined if it is ours. */
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
 * @param options.jobs the N that MAKEFLAGS speaks of, if it does
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
    // A pool of ours whose keeper was killed gets a new one.
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
 * @returns whether the pool has ended although its FIFO is open: who has inherited a pair of it, our parent and we ourselves,
 * keep it open for ever. Whoever ends a pool of ours removes its FIFO and its state; a pipe has no name to lose.
 */
const isRemoved = (stat: BigIntStats, record: PoolRecord | undefined): boolean =>
  record === undefined && stat.isFIFO() && stat.nlink === 0n;

/** Gives up what openPool() took. */
export function closePool(pool: Pool): void {
  closeSync(pool.fd);
}

/** @returns the pool as a message names it. */
export function describePool(pool: Pool): string {
  return pool.record?.path ?? describeAddress(pool.address);
}

/** @returns whether a process's descriptor leads to the pool's pipe or FIFO */
export function isOpenAs(pool: Pool, pid: number | 'self', fd: number): boolean {
  const stat = descriptorStat(pid, fd);
  return stat !== undefined && identify(stat) === pool.key;
}

/** @returns another description of the pool's pipe, that the caller closes; flags as for open(2). */
export function reopen(pool: Pool, flags: number): number {
  // Through the open descriptor: the path may lead elsewhere by now.
  return openSync(`/proc/self/fd/${pool.fd}`, flags);
}

function describeAddress(address: PoolAddress): string {
  return address.kind === 'fifo' ? address.path : `${address.read},${address.write}`;
}

/** @returns the descriptor, and whether anybody else had the pool open */
function openForReading(address: PoolAddress, name: string): { fd: number; kept: boolean } {
  const open = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      if (isJobserverError(error)) throw error;
      // Only a pool that is not there lets js-run go on without a slot.
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
