import { JobserverError } from '../errors.js';
import { describePool, type Pool } from '../pool/pool.js';
import { hasSlot } from './implicit-slot.js';
import type { SlotOwner } from './slot-owner.js';
import { countKeptAbove } from './stalled-slots.js';

/**
 * Refuses a claim that would wait for ever: for more slots than the pool has, or, without an implicit slot, than it has tokens.
 * @throws JobserverError 'usage'
 */
export function checkReachable(pool: Pool, owner: SlotOwner | undefined, count: number): void {
  const { jobs, record } = pool;
  const name = describePool(pool);
  if (jobs !== undefined && count > jobs) {
    throw new JobserverError('usage', `cannot take ${slotsOf(count)}: the pool '${name}' has only ${jobs}`);
  }
  if (record === undefined || count <= record.tokens || (owner !== undefined && hasSlot(pool, owner))) return;
  const own = 'reserved for the session that it was made for, and this process is outside that session';
  const why = record.tokens === 0 ? `has only one, ${own}` : `has ${record.jobs}, one of them ${own}`;
  throw new JobserverError('usage', `cannot take ${slotsOf(count)}: the pool '${name}' ${why}`);
}

/**
 * Refuses a claim that would wait for ever for slots which the shell above keeps until this process has ended. Only who would have
 * to wait needs to ask: it reads all claims.
 * @throws JobserverError 'usage'
 */
export function checkKept(pool: Pool, owner: SlotOwner | undefined, count: number): void {
  const { jobs } = pool;
  // A shell may still return its slots for one that it has started in the background.
  if (count === 1 || jobs === undefined || count > jobs) return;
  const kept = countKeptAbove(pool, owner);
  if (count <= jobs - kept) return;
  const held = `of ${jobs} in the pool '${describePool(pool)}' the calling shell holds ${kept} already`;
  throw new JobserverError('usage', `cannot take ${slotsOf(count)}: ${held}; use js-release first`);
}

const slotsOf = (count: number): string => (count === 1 ? 'a slot' : `${count} slots`);
