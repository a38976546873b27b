import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JobserverError } from '../errors.js';
import { describePool, type Pool } from '../pool/pool.js';
import { nobodyKeeps } from '../pool/pool-errors.js';
import { isKeeperDead, isOver, readRecord } from '../pool/pool-record.js';
import { isAlive } from '../process/process-table.js';
import { startKeeper } from './start-keeper.js';
import { findLast } from './succession.js';

/** How long it may take until there is a keeper, in milliseconds. */
const PATIENCE = 10_000;

/** Milliseconds between the first two looks at whether there is one, and at most: there can be hundreds of us. */
const PAUSES = { first: 20, most: 500 };

/** Milliseconds over which all who notice at once are spread, so that not each of them starts a process. */
const SPREAD = 100;

/**
 * Starts a new keeper for a pool of ours whose keeper was killed, or waits for the one that somebody else starts. The pool's
 * record is up to date then.
 * @param isClaimant whether to wait for another that does: who has the pool open, and no claim, need not
 * @param onDoubt gets what the new keeper says of slots that may be lost
 * @throws JobserverError 'no-pool' where the pool has ended, 'failed' where no keeper can be started
 */
export async function replaceDeadKeeper(
  pool: Pool,
  isClaimant: boolean,
  onDoubt?: (doubt: string) => void,
): Promise<void> {
  const { folder, key } = pool;
  const deadline = performance.now() + PATIENCE;
  if (isClaimant) await delay(SPREAD * Math.random());
  for (let pause = PAUSES.first; ; pause = Math.min(2 * pause, PAUSES.most)) {
    const record = readRecord(folder);
    if (record === undefined || isOver(record, key)) throw nobodyKeeps(describePool(pool));
    pool.record = record;
    if (!isKeeperDead(record)) return;
    const last = findLast(folder, record);
    if (!isAlive(last.id)) {
      const after = { ...record, place: last.place };
      if (await startKeeper({ root: dirname(folder), key, record: after, fresh: false }, pool.user, onDoubt)) continue;
    } else if (!isClaimant) return;
    if (performance.now() > deadline) {
      throw new JobserverError(
        'failed',
        `the keeper of the pool '${record.path}' was killed, and no new one started within 10 s; see '${folder}/keeper.log'`,
      );
    }
    await delay(pause);
  }
}
