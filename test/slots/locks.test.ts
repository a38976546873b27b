import { existsSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { Pool } from '../../src/pool/pool.js';
import { type ProcessId, selfId } from '../../src/process/process-table.js';
import { openClaim, recordJob } from '../../src/slots/claim.js';
import { releaseClaim, releaseOwnClaim } from '../../src/slots/release.js';
import type { SlotOwner } from '../../src/slots/slot-owner.js';
import { sweepClaims } from '../../src/slots/sweep.js';
import { tryTakeSlots } from '../../src/slots/take.js';
import { ageClaims, bytes, claimSlots, makePool, startDead } from './real-pool.js';

/** @returns what lies in the pool's folder */
const locks = (pool: Pool): string[] => (existsSync(pool.folder) ? readdirSync(`${pool.folder}/locks`) : []);

describe("the slot owner's own slot", () => {
  const owner: SlotOwner = 'recipe-123.456';

  test('goes to the first claim of its owner, and then to the next', () => {
    const { pool, drain } = makePool(bytes('ab'));
    const one = claimSlots(pool, '1.1', 1, owner);
    expect(one).toMatchObject({ implicit: true, held: 1, tokens: [] });
    const other = claimSlots(pool, '2.2', 1, owner);
    expect(other).toMatchObject({ implicit: false, held: 1, tokens: bytes('a') });
    const stranger = claimSlots(pool, '3.3', 1, 'below-123.456');
    expect(stranger).toMatchObject({ implicit: true, tokens: [] });
    releaseOwnClaim(one);
    const next = claimSlots(pool, '4.4', 1, owner);
    expect(next).toMatchObject({ implicit: true, tokens: [] });
    for (const claim of [other, stranger, next]) releaseOwnClaim(claim);
    expect(drain()).toEqual(bytes('ba'));
    expect(existsSync(pool.folder)).toBe(false);
  });

  test('is left to others by a claim that has what it wants', () => {
    const { pool } = makePool(bytes('a'));
    const one = claimSlots(pool, '1.1', 1, owner);
    const other = claimSlots(pool, '2.2', 1, owner);
    releaseOwnClaim(one);
    expect(tryTakeSlots(other, 1)).toBe(true);
    expect(other).toMatchObject({ implicit: false, held: 1 });
    releaseOwnClaim(other);
  });

  test('is no token: it is not put into the pool', () => {
    const { pool, drain } = makePool(bytes('ab'));
    releaseOwnClaim(claimSlots(pool, '1.1', 1, owner));
    expect(drain()).toEqual(bytes('ab'));
  });

  test('counts together with tokens', () => {
    const { pool, drain } = makePool(bytes('ab'));
    const claim = claimSlots(pool, '1.1', 3, owner);
    expect(claim).toMatchObject({ implicit: true, held: 3, tokens: bytes('ab'), several: false });
    releaseOwnClaim(claim);
    expect(drain()).toEqual(bytes('ab'));
  });

  test('is free again when its claim is returned by its handle or swept', async () => {
    const { pool, drain } = makePool(bytes('a'));
    for (const release of ['handle', 'sweep']) {
      const claim = claimSlots(pool, await startDead(), 2, owner);
      expect(claim).toMatchObject({ implicit: true, tokens: bytes('a') });
      if (release === 'handle') expect(releaseClaim(pool, claim.id, selfId())).toBe(true);
      else expect(sweepClaims(pool, selfId())).toBe(1);
      expect(locks(pool)).toEqual([]);
    }
    expect(drain()).toEqual(bytes('a'));
  });

  test("stays its holder's when another claim of the owner is returned", () => {
    const { pool } = makePool(bytes('ab'));
    const one = claimSlots(pool, '1.1', 1, owner);
    const other = claimSlots(pool, '2.2', 1, owner);
    expect(releaseClaim(pool, other.id, selfId())).toBe(true);
    releaseOwnClaim(claimSlots(pool, '2.2', 1, owner));
    expect(claimSlots(pool, '3.3', 1, owner)).toMatchObject({ implicit: false });
    expect(locks(pool)).toEqual([`slot-${owner}`]);
    releaseOwnClaim(one);
    expect(locks(pool)).toEqual([]);
  });
});

describe('claims on more than one slot', () => {
  test('take one after the other, and one slot can be had all the while', () => {
    const { pool, drain } = makePool(bytes('abc'));
    const [big, bigger] = ['1.1', '2.2'].map((id) => openClaim(pool, id as ProcessId, undefined, ''));
    if (big === undefined || bigger === undefined) throw new Error();
    const small = claimSlots(pool, '3.3', 1);
    expect(tryTakeSlots(big, 3)).toBe(false);
    expect(big).toMatchObject({ held: 2, several: true });
    // It would have to wait for the first, and the first for it.
    expect(tryTakeSlots(bigger, 2)).toBe(false);
    expect(bigger).toMatchObject({ held: 0, several: false });
    releaseOwnClaim(small);
    expect(tryTakeSlots(bigger, 2)).toBe(false);
    expect(bigger.held).toBe(0);
    expect(tryTakeSlots(big, 3)).toBe(true);
    expect(locks(pool)).toEqual([]);
    // Its turn has come, though there is nothing to take yet.
    expect(tryTakeSlots(bigger, 2)).toBe(false);
    expect(bigger.several).toBe(true);
    releaseOwnClaim(big);
    expect(tryTakeSlots(bigger, 2)).toBe(true);
    releaseOwnClaim(bigger);
    expect(drain().sort()).toEqual(bytes('abc'));
    expect(existsSync(pool.folder)).toBe(false);
  });

  test('let the next one go on when they give up or die half-way', async () => {
    const { pool, drain } = makePool(bytes('ab'));
    const [quitter, dying, last] = ['1.1', await startDead(), '3.3'].map((id) =>
      openClaim(pool, id as ProcessId, undefined, ''),
    );
    if (quitter === undefined || dying === undefined || last === undefined) throw new Error();
    expect(tryTakeSlots(quitter, 3)).toBe(false);
    releaseOwnClaim(quitter);
    expect(tryTakeSlots(dying, 3)).toBe(false);
    expect(dying.held).toBe(2);
    expect(tryTakeSlots(last, 2)).toBe(false);
    // The last one is nobody we know either: kept from the sweep by its job.
    recordJob(last, selfId());
    ageClaims(pool);
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(tryTakeSlots(last, 2)).toBe(true);
    releaseOwnClaim(last);
    expect(drain().sort()).toEqual(bytes('ab'));
  });
});
