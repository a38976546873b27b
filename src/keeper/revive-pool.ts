import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JobserverError } from '../errors.js';
import { describePool, nobodyKeeps, type Pool } from '../pool/pool.js';
import { isKeeperDead, isOver, readRecord } from '../pool/record.js';
import { isAlive, selfId } from '../process/process-table.js';
import { startKeeper } from './start-keeper.js';
import { findLast, takePlace } from './succession.js';

/** How long somebody else may take to start the keeper, in milliseconds. */
const PATIENCE = 10_000;

/** Milliseconds between the first two looks at whether they have, and at most: there can be hundreds of us. */
const PAUSES = { first: 20, most: 500 };

/**
 * Starts a new keeper for a pool of ours whose keeper was killed, or waits for the one that somebody else starts; of all who
 * try, one does. The pool's record is up to date then.
 * @param isClaimant whether to wait for another that does: who has the pool open, and no claim, keeps the new keeper from
 *   telling what became of the tokens
 * @throws JobserverError 'no-pool' where the pool has ended, 'failed' where no keeper can be started
 */
export async function revivePool(pool: Pool, isClaimant: boolean): Promise<void> {
  const { folder, key } = pool;
  const self = selfId();
  const deadline = Date.now() + PATIENCE;
  for (let pause = PAUSES.first; ; pause = Math.min(2 * pause, PAUSES.most)) {
    const record = readRecord(folder);
    if (record === undefined || isOver(record, key)) throw nobodyKeeps(describePool(pool));
    pool.record = record;
    if (!isKeeperDead(record)) return;
    const last = findLast(folder, record);
    const place = last.place + 1;
    if ((last.id === self || !isAlive(last.id)) && takePlace(folder, { place, id: self })) {
      const order = { root: dirname(folder), key, record: { ...record, keeper: self, place }, fresh: false };
      // One that was killed, too, is followed by another, from us or from somebody else.
      if (await startKeeper(order)) continue;
    } else if (!isClaimant) {
      return;
    }
    if (Date.now() > deadline) {
      throw new JobserverError('failed', `the keeper of the pool '${record.path}' has ended, and no other one starts`);
    }
    await delay(pause);
  }
}
