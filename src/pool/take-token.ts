import { readSync } from 'node:fs';
import { cannot, errorCode, type JobserverError } from '../errors.js';
import { describePool, type Pool } from './pool.js';
import { nobodyKeeps } from './pool-errors.js';

/**
 * Takes one token, if there is one, without waiting.
 * @returns its byte; undefined if all are taken, or if the keeper of a pool of ours was killed, so that it gets another one
 * @throws JobserverError 'no-pool' if nobody has a pool of somebody else's open
 */
export function tryTakeToken(pool: Pool): number | undefined {
  const byte = Buffer.alloc(1);
  try {
    if (readSync(pool.fd, byte, 0, 1, null) === 1) return byte[0];
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return undefined;
    throw cannot('take a token from the pool', describePool(pool), error);
  }
  if (pool.record !== undefined) return undefined;
  throw poolIsGone(pool);
}

/** Returns the error for the end of the pipe: nobody has it open for writing, so no token will ever come (PROTOCOL 14). */
export const poolIsGone = (pool: Pool): JobserverError => nobodyKeeps(describePool(pool));
