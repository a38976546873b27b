import { describe, expect, test } from 'vitest';
import { nameTaker } from '../../src/pool/claim-name.js';
import type { Pool } from '../../src/pool/pool.js';
import { type ProcessId, selfId } from '../../src/process/process-table.js';
import { type Claim, handOver, openClaim, recordJob, recordMemory } from '../../src/slots/claim.js';
import { note } from '../../src/slots/locks.js';
import type { MemoryUser } from '../../src/slots/memory-rule.js';
import { readMemoryUsers } from '../../src/slots/memory-users.js';
import { releaseOwnClaim } from '../../src/slots/release-claim.js';
import { makePool, startDead, startProcess } from './real-pool.js';

/** Opens a claim with memory. */
function reserve(pool: Pool, taker: ProcessId, bytes: number, job?: ProcessId): Claim {
  const claim = openClaim(pool, taker, undefined, 'a test');
  recordMemory(claim, bytes);
  if (job !== undefined) recordJob(claim, job);
  return claim;
}

/** Reads what a new claim of this process sees, by how much is reserved. */
const readUsers = (pool: Pool): Map<number, MemoryUser> => {
  const claim = openClaim(pool, nameTaker(selfId()), undefined, 'this one');
  const users = readMemoryUsers(claim).map((user) => ({ ...user, state: user.state }));
  releaseOwnClaim(claim);
  return new Map(users.map((user) => [user.reservedBytes, user]));
};

describe('the claims with memory', () => {
  test('are those that live and have some, with what was written last', async () => {
    const { pool } = makePool([]);
    const [one, other] = [await startProcess(), await startProcess()];
    recordMemory(reserve(pool, one.id, 10), 11);
    recordMemory(reserve(pool, other.id, 20), 0);
    reserve(pool, await startDead(), 30, await startDead());
    expect([...readUsers(pool).keys()]).toEqual([11]);
  });

  test('have what the tree of the job uses, or that of the shell that holds them', async () => {
    const { pool } = makePool([]);
    const [holder, job] = [await startProcess(), await startProcess()];
    reserve(pool, holder.id, 10, selfId());
    handOver(reserve(pool, nameTaker(selfId()), 20), job.id);
    reserve(pool, job.id, 30);
    const users = readUsers(pool);
    expect(users.get(10)?.usedBytes).toBeGreaterThan(10_000_000);
    expect(users.get(20)?.usedBytes).toBeGreaterThan(10_000);
    expect(users.get(20)?.usedBytes).toBeLessThan(10_000_000);
    expect(users.get(30)?.usedBytes).toBe(0);
  });

  test('are above if their job is, or their holder that has just one', async () => {
    const { pool } = makePool([]);
    const holder = await startProcess();
    reserve(pool, holder.id, 10, selfId());
    reserve(pool, selfId(), 20);
    // Another job of a js-each that asks for more: its process is not known yet.
    reserve(pool, nameTaker(selfId()), 30);
    reserve(pool, nameTaker(selfId()), 40, holder.id);
    const above = [...readUsers(pool)].filter(([, { isAbove }]) => isAbove).map(([bytes]) => bytes);
    expect(above.sort()).toEqual([10, 20]);
  });

  test('are within the nearest one whose job is above', async () => {
    const { pool } = makePool([]);
    const [holder, job] = [await startProcess(), await startProcess()];
    reserve(pool, holder.id, 10, selfId());
    reserve(pool, nameTaker(selfId()), 20, job.id);
    const users = readUsers(pool);
    expect(users.get(20)?.within?.reservedBytes).toBe(10);
    expect(users.get(10)?.within).toBeUndefined();
  });

  test.each(['token', 'memory', 'memory-below', 'several'])(
    'wait, or only wait, if there is a note about %s',
    async (lock) => {
      const { pool } = makePool([]);
      const [holder, job] = [await startProcess(), await startProcess()];
      reserve(pool, holder.id, 10, selfId());
      const inner = openClaim(pool, nameTaker(selfId()), undefined, 'inside');
      expect(readUsers(pool).get(10)?.state).toBe('runs');
      note(inner, 'waits', lock);
      expect(readUsers(pool).get(10)?.state).toBe('only-waits');
      const beside = openClaim(pool, nameTaker(selfId()), undefined, 'inside, too');
      recordJob(beside, job.id);
      expect(readUsers(pool).get(10)?.state).toBe('runs');
    },
  );

  test('wait if they have memory and a note', async () => {
    const { pool } = makePool([]);
    const holder = await startProcess();
    note(reserve(pool, holder.id, 10), 'waits', 'token');
    note(reserve(pool, nameTaker(holder.id), 20), 'waits', 'memory');
    expect([...readUsers(pool)].map(([bytes, { state }]) => [bytes, state])).toEqual([[10, 'waits']]);
  });
});
