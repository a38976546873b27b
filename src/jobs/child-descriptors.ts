import { closeSync, constants } from 'node:fs';
import { attempt } from '../errors.js';
import { describePool, type Pool, reopen } from '../pool/pool.js';
import { chooseFreeNumbers } from '../process/own-descriptors.js';

/** A pair R,W that is opened for one child only, since make 4.3 sets O_NONBLOCK on it (PROTOCOL 15). */
export interface Pair {
  read: number;
  write: number;
  /** The child's numbers to ours. */
  descriptors: ReadonlyMap<number, number>;
  close(): void;
}

/**
 * Opens a pair for a child: under the numbers that the pool is advertised with, if they are free in the child, else under the first
 * two free ones from 3 on.
 * @param inherited the child's numbers that have another use
 */
export function openPair(pool: Pool, inherited: readonly number[]): Pair {
  const { address } = pool;
  // They may be in a variable that we do not know of.
  const same = address.kind === 'pair' && !inherited.includes(address.read) && !inherited.includes(address.write);
  const [free = 3, next = 4] = same ? [address.read, address.write] : chooseFreeNumbers(inherited);
  // The write end comes first: a blocking open of the read end returns only if there is a writer.
  const [ourWrite, ourRead] = attempt('open the pool', describePool(pool), () => {
    const end = reopen(pool, constants.O_WRONLY);
    try {
      return [end, reopen(pool, constants.O_RDONLY)] as const;
    } catch (error) {
      closeSync(end);
      throw error;
    }
  });
  return {
    read: free,
    write: next,
    descriptors: new Map([
      [free, ourRead],
      [next, ourWrite],
    ]),
    close() {
      closeSync(ourRead);
      closeSync(ourWrite);
    },
  };
}
