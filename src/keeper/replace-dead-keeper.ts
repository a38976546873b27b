import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { JobserverError } from '../errors.js';
import { describePool, type Pool } from '../pool/pool.js';
import { nobodyKeeps } from '../pool/pool-errors.js';
import { isKeeperDead, isOver, readRecord } from '../pool/pool-record.js';
import { isAlive } from '../process/process-table.js';
import { startKeeper } from './start-keeper.js';
import { findLastKeeper } from './succession.js';

/** How long it may take until there is a keeper. */
const NEW_KEEPER_TIMEOUT_MS = 10_000;

/** The pause between the first two looks at whether there is one. It doubles each time, because there can be hundreds of us. */
const FIRST_PAUSE_MS = 20;
const LONGEST_PAUSE_MS = 500;

/** The time over which the commands that notice at once spread, so that not each of them starts a process. */
const SPREAD_MS = 100;

/**
 * Starts a new keeper for a pool of ours whose keeper was killed, or waits for the one that another process starts: `Command` in
 * test/model/succession.pml. Then the pool's record is up to date.
 * @param isClaimant whether to wait for a keeper that another process starts: a command without a claim need not
 * @param onDoubt receives what the new keeper says of slots that may be lost
 * @throws JobserverError 'no-pool' if the pool has ended, 'failed' if no keeper can be started
 */
export async function replaceDeadKeeper(
  pool: Pool,
  isClaimant: boolean,
  onDoubt?: (doubt: string) => void,
): Promise<void> {
  const { folder, key } = pool;
  const deadline = performance.now() + NEW_KEEPER_TIMEOUT_MS;
  if (isClaimant) await delay(SPREAD_MS * Math.random());
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    const record = readRecord(folder);
    if (record === undefined || isOver(record, key)) throw nobodyKeeps(describePool(pool));
    pool.record = record;
    if (!isKeeperDead(record)) return;
    const last = findLastKeeper(folder, record);
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
    await delay(pauseMs);
  }
}
