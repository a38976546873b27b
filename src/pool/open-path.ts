import { type BigIntStats, closeSync, constants, fstatSync, openSync } from 'node:fs';
import { errorCode, JobserverError } from '../errors.js';
import { identify } from './identity.js';

/** How a pool is opened: it never waits, and no terminal becomes ours. */
export const READ = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Linux's O_PATH: to have hold of what a path leads to, without opening it to read or write (open(2)). Node has no name for it. */
const O_PATH = 0o10000000;

/**
 * @returns the descriptor, and whether anybody else has the pool open. The path is followed once: what is looked at is what is
 * opened, also where somebody puts something else there meanwhile, and nothing is opened that cannot be a pool.
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

/** @returns whether the FIFO of that identity is at the path, and nobody at all has it open: who kept it is dead, wherever it ran */
export function isAbandoned(path: string, key: string): boolean {
  let hold: number | undefined;
  try {
    hold = openSync(path, O_PATH);
    const stat = fstatSync(hold, { bigint: true });
    return stat.isFIFO() && identify(stat) === key && !probe(`/proc/self/fd/${hold}`);
  } catch {
    // It is not ours to open, so what became of it cannot be told.
    return false;
  } finally {
    if (hold !== undefined) closeSync(hold);
  }
}

/**
 * make 4.4.1 takes a regular file for a pool without a word (PROTOCOL 17). Of devices those are none that never have a token,
 * or whose bytes a person types: null(4), tty(4), pts(4), by their numbers in Linux's devices.txt.
 */
function canBePool(stat: BigIntStats): boolean {
  const major = stat.rdev >> 8n;
  const isTerminal = major === 4n || major === 5n || (major >= 136n && major <= 143n);
  return stat.isFIFO() || (stat.isCharacterDevice() && !isTerminal && stat.rdev !== 0x103n);
}

/**
 * @returns whether anybody has the FIFO open: an open for writing fails at once, with ENXIO, where nobody has; one for
 * reading tells nothing (PROTOCOL 12)
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
