import { closeSync, constants, readSync, writeSync } from 'node:fs';
import { attempt, errorCode } from '../errors.js';
import { MOST_JOBS } from '../pool/most-jobs.js';
import { describePool, type Pool, reopen } from '../pool/pool.js';
import { isAlive, selfId } from '../process/process-table.js';
import { sleepSync } from '../process/sleep-sync.js';
import { asUser } from '../process/user.js';
import { openClaim, recordCounting } from './claim.js';
import { listClaims, readClaim } from './read-claim.js';
import { abandonClaim } from './release-claim.js';

/*
 * The only way to know how many tokens are in a FIFO is to read them, and to write them back. Meanwhile the keeper must not take them
 * for lost, so a claim says that they are being counted; a command that does not wait tries again after that.
 */

/** More than a foreign pool can have. */
const MOST_BYTES = 16 * MOST_JOBS;

/** For how long a command that does not wait lets another one count: it takes microseconds, if that is not stopped. */
const COUNT_MS = 100;

/**
 * Counts the tokens that are in the pool now. The pool is empty for the time from one read(2) to the next write(2).
 * @throws JobserverError 'failed' if the pool does not take them back, or the claim cannot be written
 */
export function countTokens(pool: Pool): number {
  return asUser(pool.user, () => (pool.record === undefined ? count(pool) : countAnnounced(pool)));
}

function countAnnounced(pool: Pool): number {
  const claim = openClaim(pool, selfId(), undefined, 'counting the tokens');
  try {
    recordCounting(claim);
    return count(pool);
  } finally {
    abandonClaim(claim);
  }
}

function count(pool: Pool): number {
  const tokens = Buffer.alloc(MOST_BYTES);
  // Before the read, because it can fail.
  const pipe = reopen(pool, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    const found = readSync(pool.fd, tokens);
    for (let back = 0; back < found; )
      back += attempt('return the tokens to the pool', describePool(pool), () =>
        writeSync(pipe, tokens, back, found - back),
      );
    return found;
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return 0;
    throw error;
  } finally {
    closeSync(pipe);
  }
}

/** Waits until nobody counts the tokens of the pool, so that a pool that was found empty is worth a second try. */
export function letOthersCount(pool: Pool): void {
  for (let waitedMs = 0; isBeingCounted(pool) && waitedMs < COUNT_MS; waitedMs++) sleepSync(1);
}

const isBeingCounted = (pool: Pool): boolean =>
  listClaims(pool).some((id) => {
    const claim = readClaim(pool, id);
    return claim?.isCounting === true && isAlive(claim.name.holder);
  });
