import type { Pool } from '../pool/pool.js';
import { isKeeperDead } from '../pool/pool-record.js';

/**
 * Gives a pool of ours whose keeper was killed a new one; a pool that has its keeper, or is not ours, is left alone.
 * @param isClaimant whether this process has a claim in the pool, so that the new keeper knows what it holds; only then may it
 *   wait for a keeper that another process starts
 * @param onDoubt receives what a new keeper says of slots that may be lost
 * @throws JobserverError 'no-pool' if the pool has ended meanwhile, 'failed' if no keeper can be started
 */
export async function ensureKeeper(pool: Pool, isClaimant = false, onDoubt?: (doubt: string) => void): Promise<void> {
  if (pool.record === undefined || !isKeeperDead(pool.record)) return;
  // Loaded late (src/build/build.sh).
  const { replaceDeadKeeper } = await import('../keeper/index.js');
  await replaceDeadKeeper(pool, isClaimant, onDoubt);
}
