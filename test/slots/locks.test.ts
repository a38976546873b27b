import { existsSync, readdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Pool } from '../../src/pool/pool.js';
import { type ProcessId, pidOf, readProcess, selfId } from '../../src/process/process-table.js';
import { type Claim, crossOut, openClaim, recordJob } from '../../src/slots/claim.js';
import { tryTakeOver } from '../../src/slots/exchange-token.js';
import { note, slotLock, tryLockSlot } from '../../src/slots/locks.js';
import { readClaim } from '../../src/slots/read-claim.js';
import { releaseClaim, releaseOwnClaim } from '../../src/slots/release-claim.js';
import type { SlotOwner } from '../../src/slots/slot-owner.js';
import { sweepClaims } from '../../src/slots/sweep-dead-claims.js';
import { tryTakeSlots } from '../../src/slots/take-slots.js';
import { listWanting } from '../../src/slots/wake-waiters.js';
import { start } from '../process/start.js';
import { ageClaims, bytes, claimSlots, makePool, startDead } from './real-pool.js';

/** Returns what lies in the pool's folder. */
const locks = (pool: Pool): string[] => (existsSync(pool.folder) ? readdirSync(`${pool.folder}/locks`) : []);

/** Returns a process that prints a line when it is woken. */
async function startTrap(): Promise<{ id: ProcessId; line(): Promise<string> }> {
  const script = 'trap "echo woken" URG; echo ready; while :; do read -r line; done';
  const child = start('bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout as Readable })[Symbol.asyncIterator]();
  const line = async () => String((await lines.next()).value);
  expect(await line()).toBe('ready');
  return { id: readProcess(child.pid as number)?.id as ProcessId, line };
}

describe("the slot owner's own slot", () => {
  const owner: SlotOwner = `recipe-${selfId()}`;
  const another: SlotOwner = `recipe-${readProcess(process.ppid)?.id as ProcessId}`;

  test('goes to the first claim of its owner, and then to the next', () => {
    const { pool, drain } = makePool(bytes('ab'));
    const one = claimSlots(pool, '1.1', 1, owner);
    expect(one).toMatchObject({ implicit: true, held: 1, tokens: [] });
    const other = claimSlots(pool, '2.2', 1, owner);
    expect(other).toMatchObject({ implicit: false, held: 1, tokens: bytes('a') });
    const stranger = claimSlots(pool, '3.3', 1, another);
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
    expect(claim).toMatchObject({ implicit: true, held: 3, tokens: bytes('ab'), hasMultiSlotLock: false });
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

describe("an owner's implicit slot that becomes free", () => {
  const owner: SlotOwner = `recipe-${selfId()}`;

  test('is taken over by a claim that holds a token, and the token goes back', () => {
    const { pool, drain } = makePool(bytes('ab'));
    const one = claimSlots(pool, '1.1', 1, owner);
    const other = claimSlots(pool, '2.2', 2, owner);
    tryTakeOver(other);
    expect(other).toMatchObject({ implicit: false, tokens: bytes('ab') });
    releaseOwnClaim(one);
    tryTakeOver(other);
    expect(other).toMatchObject({ implicit: true, held: 2, tokens: bytes('a') });
    expect(readClaim(pool, other.id)).toMatchObject({ tokens: bytes('a'), leaving: 0 });
    expect(drain()).toEqual(bytes('b'));
    expect(releaseClaim(pool, other.id, selfId())).toBe(true);
    expect(drain()).toEqual(bytes('a'));
    expect(existsSync(pool.folder)).toBe(false);
  });

  test('goes with a token that was crossed out by a holder that died before it was back: one too few, never one too many', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const one = claimSlots(pool, '1.1', 1, owner);
    const dead = claimSlots(pool, await startDead(), 1, owner);
    releaseOwnClaim(one);
    expect(tryLockSlot(dead)).toBe(true);
    crossOut(dead, dead.tokens[0] as number);
    ageClaims(pool);
    expect(readClaim(pool, dead.id)).toMatchObject({ tokens: [], leaving: 1 });
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual([]);
    expect(existsSync(pool.folder)).toBe(false);
  });

  test('is for one that waits before one that holds a token, and for the oldest first', () => {
    const lock = slotLock(owner);
    const names = [
      'spares-LOCK+1.5',
      'waits-LOCK+7.100',
      'waits-LOCK+8.20',
      'waits-LOCK0+9.1',
      'LOCK',
      'waits-several+6.1',
    ];
    const wanting = listWanting(
      names.map((name) => name.replace('LOCK', lock)),
      lock,
    );
    expect(wanting.map(({ id }) => id)).toEqual(['8.20', '7.100', '1.5']);
  });

  test('wakes one: not one that is dead, and not only one that is stopped', async () => {
    const { pool, drain } = makePool([]);
    const [stopped, next, last] = [await startTrap(), await startTrap(), await startTrap()];
    const one = claimSlots(pool, '1.1', 1, owner);
    const claims = [await startDead(), stopped.id, next.id, last.id].map((id) => openClaim(pool, id, owner, ''));
    for (const claim of claims) note(claim, 'waits', slotLock(owner));
    process.kill(pidOf(stopped.id), 'SIGSTOP');
    await expect.poll(() => readProcess(pidOf(stopped.id))?.state).toBe('T');
    releaseOwnClaim(one);
    expect(await next.line()).toBe('woken');
    process.kill(pidOf(stopped.id), 'SIGCONT');
    expect(await stopped.line()).toBe('woken');
    // A waiter that gives up passes it on.
    for (const claim of claims.slice(0, 3)) releaseOwnClaim(claim);
    expect(await last.line()).toBe('woken');
    releaseOwnClaim(claims[3] as Claim);
    expect(drain()).toEqual([]);
    expect(existsSync(pool.folder)).toBe(false);
  });

  test('is no longer to be had when the owner has ended', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const claim = openClaim(pool, '1.1', `recipe-${await startDead()}`, '');
    expect(tryTakeSlots(claim, 1)).toBe(true);
    expect(claim).toMatchObject({ implicit: false, tokens: bytes('a') });
    releaseOwnClaim(claim);
    expect(drain()).toEqual(bytes('a'));
    expect(existsSync(pool.folder)).toBe(false);
  });
});

describe('claims on more than one slot', () => {
  test('take one after the other, and one slot can be had all the while', () => {
    const { pool, drain } = makePool(bytes('abc'));
    const [big, bigger] = ['1.1', '2.2'].map((id) => openClaim(pool, id as ProcessId, undefined, ''));
    if (big === undefined || bigger === undefined) throw new Error();
    const small = claimSlots(pool, '3.3', 1);
    expect(tryTakeSlots(big, 3)).toBe(false);
    expect(big).toMatchObject({ held: 2, hasMultiSlotLock: true });
    // It would have to wait for the first, and the first for it.
    expect(tryTakeSlots(bigger, 2)).toBe(false);
    expect(bigger).toMatchObject({ held: 0, hasMultiSlotLock: false });
    releaseOwnClaim(small);
    expect(tryTakeSlots(bigger, 2)).toBe(false);
    expect(bigger.held).toBe(0);
    expect(tryTakeSlots(big, 3)).toBe(true);
    expect(locks(pool)).toEqual([]);
    // Its turn has come, though there is nothing to take yet.
    expect(tryTakeSlots(bigger, 2)).toBe(false);
    expect(bigger.hasMultiSlotLock).toBe(true);
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
