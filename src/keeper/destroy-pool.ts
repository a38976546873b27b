import { setTimeout as delay } from 'node:timers/promises';
import { JobserverError } from '../errors.js';
import { bootId } from '../pool/identity.js';
import { isAbandoned } from '../pool/open-path.js';
import { closePool, describePool, type Pool } from '../pool/pool.js';
import { isKeeperDead, readRecord } from '../pool/pool-record.js';
import { removePool } from '../pool/remove-pool.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { type ProcessId, pidOf } from '../process/process-table.js';
import { asUser } from '../process/user.js';

/** How long a keeper may take to end. */
const KEEPER_END_TIMEOUT_MS = 10_000;

/**
 * Ends a pool of ours and closes it. Its keeper, its FIFO and its state are gone when this returns.
 * @throws JobserverError 'failed' if it is not a pool of ours, or if its keeper does not end
 */
export async function destroyPool(pool: Pool): Promise<void> {
  const { key, folder } = pool;
  // It may have got another keeper since it was opened.
  const record = readRecord(folder) ?? pool.record;
  if (record === undefined) {
    throw new JobserverError(
      'failed',
      `cannot end the pool '${describePool(pool)}': it was not made by js-create, or has already ended`,
    );
  }
  // A keeper elsewhere is known to live by the FIFO that it has open, so we must not have it open ourselves.
  closePool(pool);
  const isElsewhere = record.namespace !== pidNamespace() && record.boot === bootId();
  if (isElsewhere && !isAbandoned(record.path, key)) {
    throw new JobserverError(
      'failed',
      `cannot end the pool '${record.path}': its keeper is in another pid namespace (a container); run js-destroy there`,
    );
  }
  const deadline = performance.now() + KEEPER_END_TIMEOUT_MS;
  let signalled: ProcessId | undefined;
  // A process with its pid in another namespace or after a reboot is not the keeper. And another keeper may take its place.
  for (let last = record; !isElsewhere && !isKeeperDead(last); last = readRecord(folder) ?? last) {
    const { keeper } = last;
    if (signalled !== keeper) process.kill(pidOf(keeper), 'SIGTERM');
    signalled = keeper;
    if (performance.now() > deadline) {
      throw new JobserverError(
        'failed',
        `the keeper (pid ${pidOf(keeper)}) of the pool '${record.path}' did not exit within 10 s; end it with kill -9, then run js-destroy`,
      );
    }
    await delay(10);
  }
  // A keeper that was killed has left these behind.
  asUser(pool.user, () => removePool(folder, key, record.path, pool.user));
}
