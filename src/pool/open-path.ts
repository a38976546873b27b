import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errorCode, JobserverError } from '../errors.js';
import { identify } from './identity.js';

/** The flags to open a pool with: the open never waits, and no terminal becomes ours. */
export const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Linux's O_PATH, for which Node has no name: to hold what a path leads to, without opening it to read or write (open(2)). */
const O_PATH = 0o10000000;

/**
 * Opens the pool at a path. The path is followed once, so what is looked at is what is opened, even if somebody puts something else
 * there meanwhile; and nothing is opened that cannot be a pool.
 * @returns the descriptor, and whether any other process has the pool open
 */
export function openPath(path: string): { fd: number; kept: boolean } {
  const hold = openSync(path, O_PATH);
  try {
    const stat = fstatSync(hold, { bigint: true });
    if (!canBePool(stat)) throw new JobserverError('no-pool', `cannot join the pool '${path}': it is not a FIFO`);
    const held = `/proc/self/fd/${hold}`;
    // Before we have it open for reading ourselves.
    const kept = !stat.isFIFO() || probe(held);
    return { fd: openSync(held, READ), kept };
  } finally {
    closeSync(hold);
  }
}

/** Returns whether the FIFO of that identity is at the path, and no process has it open: its keeper is dead, wherever it ran. */
export function isAbandoned(path: string, key: string): boolean {
  let hold: number | undefined;
  try {
    hold = openSync(path, O_PATH);
    const stat = fstatSync(hold, { bigint: true });
    return stat.isFIFO() && identify(stat) === key && !probe(`/proc/self/fd/${hold}`);
  } catch {
    // It is not ours to open, so nothing is known of it.
    return false;
  } finally {
    if (hold !== undefined) closeSync(hold);
  }
}

/**
 * Returns whether a file can be a pool. A regular file cannot, although make 4.4.1 accepts one without a word (PROTOCOL 17), nor can
 * devices that never have a token, or whose bytes a person types: null(4), tty(4), pts(4), by their numbers in Linux's devices.txt.
 */
function canBePool(stat: BigIntStats): boolean {
  const major = stat.rdev >> 8n;
  const isTerminal = major === 4n || major === 5n || (major >= 136n && major <= 143n);
  return stat.isFIFO() || (stat.isCharacterDevice() && !isTerminal && stat.rdev !== 0x103n);
}

/**
 * Returns whether any process has the FIFO open for reading: otherwise an open for writing fails at once, with ENXIO (PROTOCOL 12).
 */
function probe(path: string): boolean {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY));
    return true;
  } catch (error) {
    if (errorCode(error) !== 'ENXIO') throw error;
    return false;
  }
}
