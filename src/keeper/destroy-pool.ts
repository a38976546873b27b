import { setTimeout as delay } from 'node:timers/promises';
import { JobserverError } from '../errors.js';
import { closePool, type Pool } from '../pool/pool.js';
import { readRecord } from '../pool/record.js';
import { removePool } from '../pool/remove-pool.js';
import { isAlive, type ProcessId, pidOf } from '../process/process-table.js';

/** How long a keeper may take to end, in milliseconds. */
const PATIENCE = 10_000;

/**
 * Ends a pool of ours, and closes it: its keeper, its FIFO and its state are gone when this returns.
 * @throws JobserverError 'failed' where it is not a pool of ours, or its keeper does not end
 */
export async function destroyPool(pool: Pool): Promise<void> {
  const { key, folder, way } = pool;
  // It may have another keeper by now.
  const record = readRecord(folder) ?? pool.record;
  if (record === undefined) {
    const name = way.kind === 'fifo' ? way.path : `${way.read},${way.write}`;
    throw new JobserverError(
      'failed',
      `cannot end the pool '${name}': js-create did not make it, or it has ended already`,
    );
  }
  const deadline = Date.now() + PATIENCE;
  let told: ProcessId | undefined;
  for (let { keeper } = record; isAlive(keeper); keeper = readRecord(folder)?.keeper ?? keeper) {
    if (told !== keeper) process.kill(pidOf(keeper), 'SIGTERM');
    told = keeper;
    if (Date.now() > deadline) {
      throw new JobserverError('failed', `the keeper (pid ${pidOf(keeper)}) of '${record.path}' does not end`);
    }
    await delay(10);
  }
  // A keeper that was killed left these behind.
  removePool(folder, key, record.path);
  closePool(pool);
}
