import { JobserverError } from '../errors.js';
import { describePool, type Pool } from '../pool/pool.js';
import { hasSlot } from './implicit-slot.js';
import type { SlotOwner } from './slot-owner.js';

/**
 * Refuses a claim that would wait for ever: for more slots than the pool has, or, without an implicit slot, than it has tokens.
 * @throws JobserverError 'usage'
 */
export function checkReachable(pool: Pool, owner: SlotOwner | undefined, count: number): void {
  const { jobs, record } = pool;
  const name = describePool(pool);
  const slots = count === 1 ? 'a slot' : `${count} slots`;
  if (jobs !== undefined && count > jobs) {
    throw new JobserverError('usage', `cannot take ${slots}: the pool '${name}' has only ${jobs}`);
  }
  if (record === undefined || count <= record.tokens || (owner !== undefined && hasSlot(pool, owner))) return;
  const own = 'reserved for the session that it was made for, and this process is outside that session';
  const why = record.tokens === 0 ? `has only one, ${own}` : `has ${record.jobs}, one of them ${own}`;
  throw new JobserverError('usage', `cannot take ${slots}: the pool '${name}' ${why}`);
}
