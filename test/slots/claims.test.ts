import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Pool } from '../../src/pool/pool.js';
import { type ProcessId, selfId } from '../../src/process/process-table.js';
import { claimFile, handOver, listClaims, openClaim, readClaim, recordJob } from '../../src/slots/claim.js';
import { releaseClaim, releaseOwnClaim, sweepClaims } from '../../src/slots/release.js';
import type { SlotOwner } from '../../src/slots/slot-owner.js';
import { tryTakeSlots } from '../../src/slots/take.js';
import { bundle } from '../process/bundle.js';
import { start } from '../process/start.js';
import { makePool, startDead, startProcess } from './real-pool.js';

/** Bytes that text would not survive as. */
const HOSTILE = [0x2b, 0x47, 0x2e, 0x00, 0xff, 0x0a, 0x80, 0x20, 0x2b];

const bytes = (text: string): number[] => [...Buffer.from(text)];

/** @returns the claim of a holder on as many slots, without an owner's implicit slot */
function claimSlots(pool: Pool, holder: ProcessId, count: number, owner?: SlotOwner) {
  const claim = openClaim(pool, holder, owner, 'a test');
  expect(tryTakeSlots(claim, count)).toBe(true);
  return claim;
}

/** @returns what lies in the pool's folder */
const locks = (pool: Pool): string[] => (existsSync(pool.folder) ? readdirSync(`${pool.folder}/locks`) : []);

describe('the bytes of the tokens', () => {
  test('come back as they were by the process that took them', () => {
    const { pool, drain } = makePool(HOSTILE);
    const claim = claimSlots(pool, selfId(), HOSTILE.length);
    expect(drain()).toEqual([]);
    releaseOwnClaim(claim);
    expect(drain()).toEqual(HOSTILE);
  });

  test('come back as they were by their handle', () => {
    const { pool, drain } = makePool(HOSTILE);
    const handle = handOver(claimSlots(pool, selfId(), HOSTILE.length), selfId());
    expect(handle).toBe(`${selfId()}-${selfId()}`);
    expect(drain()).toEqual([]);
    expect(releaseClaim(pool, handle, selfId())).toBe(true);
    expect(drain()).toEqual(HOSTILE);
  });

  test('come back as they were after their holder has died', async () => {
    const { pool, drain } = makePool(HOSTILE);
    claimSlots(pool, await startDead(), HOSTILE.length);
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual(HOSTILE);
  });

  test('are in the file, in hex', () => {
    const { pool } = makePool(HOSTILE);
    const claim = claimSlots(pool, selfId(), HOSTILE.length);
    const lines = readFileSync(claimFile(pool, claim.id), 'utf8').split('\n');
    expect(lines.slice(2)).toEqual([...HOSTILE.map((byte) => `token ${Buffer.of(byte).toString('hex')}`), '']);
    releaseOwnClaim(claim);
  });

  test('of any pool and any number of claims come back', () => {
    const { pool, drain } = makePool([]);
    const sizes = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(sizes, fc.uint8Array({ minLength: 30, maxLength: 40 }), (claims, tokens) => {
        const filled = makePool([...tokens]);
        const taken = claims.map(([count, hand], index) => {
          const claim = claimSlots(filled.pool, `${index + 1}.1`, count);
          expect(claim.tokens).toHaveLength(count);
          return { claim, handle: hand ? handOver(claim, selfId()) : undefined };
        });
        const sum = claims.reduce((total, [count]) => total + count, 0);
        expect(filled.drain()).toEqual([...tokens.slice(sum)]);
        for (const { claim, handle } of taken) {
          if (handle === undefined) releaseOwnClaim(claim);
          else expect(releaseClaim(filled.pool, handle, selfId())).toBe(true);
        }
        expect(filled.drain()).toEqual([...tokens.slice(0, sum)]);
        expect(existsSync(filled.pool.folder)).toBe(false);
      }),
      { numRuns: 20 },
    );
    expect(drain()).toEqual([]);
    expect(listClaims(pool)).toEqual([]);
  });
});

describe('a claim', () => {
  test('is on disk before it holds anything, and says who and what for', () => {
    const { pool } = makePool([]);
    const claim = openClaim(pool, '123.456', 'below-7.8', 'make "a b"\nc');
    expect(listClaims(pool)).toEqual(['123.456']);
    expect(readFileSync(claimFile(pool, claim.id), 'utf8')).toMatch(
      /^command "make \\"a b\\"\\nc"\nsince \d{4}-\d\d-\d\dT[\d:.]+Z\nowner below-7\.8\n$/,
    );
    expect(readClaim(pool, claim.id)).toMatchObject({
      holder: '123.456',
      returner: undefined,
      owner: 'below-7.8',
      job: undefined,
      tokens: [],
    });
    releaseOwnClaim(claim);
  });

  test('says what runs in it', () => {
    const { pool } = makePool([1, 2, 3]);
    const claim = claimSlots(pool, '123.456', 2);
    recordJob(claim, '7.8');
    expect(readClaim(pool, claim.id)).toMatchObject({
      holder: '123.456',
      owner: undefined,
      job: '7.8',
      tokens: [1, 2],
    });
    releaseOwnClaim(claim);
  });

  test('is there once only', () => {
    const { pool } = makePool([1, 2]);
    const claim = claimSlots(pool, '123.456', 1);
    expect(() => openClaim(pool, '123.456', undefined, '')).toThrow(
      expect.objectContaining({ kind: 'failed', message: expect.stringContaining('cannot write the claim') }),
    );
    releaseOwnClaim(claim);
  });

  test('takes no more than it wants, and says what it lacks', () => {
    const { pool, drain } = makePool(bytes('ab'));
    const claim = openClaim(pool, selfId(), undefined, '');
    expect(tryTakeSlots(claim, 3)).toBe(false);
    expect(claim).toMatchObject({ held: 2, tokens: bytes('ab') });
    releaseOwnClaim(claim);
    const one = claimSlots(pool, selfId(), 1);
    expect(tryTakeSlots(one, 1)).toBe(true);
    expect(drain()).toEqual(bytes('b'));
    releaseOwnClaim(one);
    expect(drain()).toEqual(bytes('a'));
  });

  test('cannot take from a pool that nobody keeps', () => {
    const { pool, path, abandon } = makePool([]);
    const claim = openClaim(pool, selfId(), undefined, '');
    abandon();
    expect(() => tryTakeSlots(claim, 1)).toThrow(
      expect.objectContaining({
        kind: 'no-pool',
        message: `the pool '${path}' is gone: nobody keeps it open; make a new one with js-create`,
      }),
    );
    releaseOwnClaim(claim);
  });

  test('leaves nothing in the state folder of a pool of somebody else', () => {
    const { pool, root } = makePool(bytes('ab'));
    const one = claimSlots(pool, '1.1', 1);
    const other = claimSlots(pool, '2.2', 1);
    releaseOwnClaim(one);
    expect(listClaims(pool)).toEqual(['2.2']);
    releaseOwnClaim(other);
    expect(readdirSync(root)).toEqual([]);
  });
});

describe('a handle', () => {
  test('that was returned is returned no second time', () => {
    const { pool, drain } = makePool(bytes('ab'));
    const handle = handOver(claimSlots(pool, selfId(), 1), selfId());
    expect(releaseClaim(pool, handle, selfId())).toBe(true);
    expect(releaseClaim(pool, handle, selfId())).toBe(false);
    expect(releaseClaim(pool, handle, selfId())).toBe(false);
    expect(drain()).toEqual(bytes('ba'));
  });

  test('that was returned while others are held is returned no second time', () => {
    const { pool, drain } = makePool(bytes('abc'));
    const [one, other] = ['1.1', '2.2'].map((id) => handOver(claimSlots(pool, id as ProcessId, 1), selfId()));
    expect(releaseClaim(pool, one as string, selfId())).toBe(true);
    expect(releaseClaim(pool, one as string, selfId())).toBe(false);
    expect(listClaims(pool)).toEqual([other]);
    expect(drain()).toEqual(bytes('ca'));
    expect(releaseClaim(pool, other as string, selfId())).toBe(true);
    expect(drain()).toEqual(bytes('b'));
  });

  test('that its taker lets go of after it was returned gives nothing twice', () => {
    const { pool, drain } = makePool(bytes('a'));
    const claim = claimSlots(pool, selfId(), 1);
    expect(releaseClaim(pool, claim.id, selfId())).toBe(true);
    releaseOwnClaim(claim);
    expect(drain()).toEqual(bytes('a'));
  });

  test.each(['', '1.1-2.2', '1.1', '../1.1', '1.1/../1.1', '.', '..', 'claims', '*', '1.1-2.2~', '1.1~3.3'])(
    'that never was, %o, gives nothing',
    (handle) => {
      const { pool, drain } = makePool(bytes('ab'));
      const claim = claimSlots(pool, '9.9', 1);
      expect(releaseClaim(pool, handle, selfId())).toBe(false);
      expect(drain()).toEqual(bytes('b'));
      expect(listClaims(pool)).toEqual(['9.9']);
      releaseOwnClaim(claim);
    },
  );
});

describe('sweeping', () => {
  test('leaves the living alone', async () => {
    const { pool, drain } = makePool(bytes('abc'));
    const holder = await startProcess();
    const claim = claimSlots(pool, holder.id, 1);
    const handle = handOver(claimSlots(pool, selfId(), 1), holder.id);
    expect(sweepClaims(pool, selfId())).toBe(0);
    expect(drain()).toEqual(bytes('c'));
    await holder.end();
    // Twice, for there is nothing left the second time.
    expect([sweepClaims(pool, selfId()), sweepClaims(pool, selfId())]).toEqual([2, 0]);
    expect(drain().sort()).toEqual(bytes('ab'));
    expect(existsSync(claimFile(pool, claim.id)) || existsSync(claimFile(pool, handle))).toBe(false);
  });

  test('returns what a dead shell was given, though its taker lives', async () => {
    const { pool, drain } = makePool(bytes('a'));
    handOver(claimSlots(pool, selfId(), 1), await startDead());
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual(bytes('a'));
  });

  test('tells a process from another with its pid', async () => {
    const { pool } = makePool(bytes('a'));
    const { id } = await startProcess();
    claimSlots(pool, `${id}0` as ProcessId, 1);
    expect(sweepClaims(pool, selfId())).toBe(1);
  });

  test('waits for the job of a dead holder', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const job = await startProcess();
    const claim = claimSlots(pool, await startDead(), 1);
    recordJob(claim, job.id);
    expect(sweepClaims(pool, selfId())).toBe(0);
    expect(drain()).toEqual([]);
    await job.end();
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual(bytes('a'));
  });

  test('waits for the holder of a job that has ended', async () => {
    const { pool } = makePool(bytes('a'));
    const holder = await startProcess();
    const claim = claimSlots(pool, holder.id, 1);
    recordJob(claim, await startDead());
    expect(sweepClaims(pool, selfId())).toBe(0);
    await holder.end();
    expect(sweepClaims(pool, selfId())).toBe(1);
  });

  test('leaves what somebody is about to return', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const claim = claimSlots(pool, await startDead(), 1);
    const returner = await startProcess();
    renameSync(claimFile(pool, claim.id), claimFile(pool, `${claim.id}~${returner.id}`));
    expect(sweepClaims(pool, selfId())).toBe(0);
    expect(drain()).toEqual([]);
    // Who died over it may have put the token back: better one too few than one too many.
    await returner.end();
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual([]);
    expect(listClaims(pool)).toEqual([]);
  });

  test('by two at a time returns each token once', async () => {
    const program = bundle(`
      import { openPool } from './pool/pool.js';
      import { selfId } from './process/process-table.js';
      import { sweepClaims } from './slots/release.js';
      const pool = openPool({ kind: 'fifo', path: process.argv[2] }, process.argv[3]);
      process.stdin.once('data', (text) => {
        while (Date.now() < Number(text));
        process.stdout.write(String(sweepClaims(pool, selfId())));
        process.exit();
      });
      process.stdout.write('ready ');`);
    const dead = Number.parseInt(await startDead(), 10);
    const CLAIMS = 150;
    // A round in which one of the two was too late for the other proves nothing.
    let both = false;
    for (let round = 0; round < 20 && !both; round++) {
      const tokens = Array.from({ length: CLAIMS }, (_, index) => index);
      const { path, root, pool, drain } = makePool(tokens);
      for (const index of tokens) claimSlots(pool, `${dead}.${index}`, 1);
      expect(drain()).toEqual([]);
      const sweepers = [0, 1].map(() =>
        start(process.execPath, [program, path, root], { stdio: ['pipe', 'pipe', 'inherit'], env: {} }),
      );
      const outputs = sweepers.map((sweeper) => sweeper.stdout?.setEncoding('utf8').toArray() as Promise<string[]>);
      await Promise.all(sweepers.map((sweeper) => once(sweeper.stdout as NodeJS.EventEmitter, 'data')));
      const when = Date.now() + 20;
      for (const sweeper of sweepers) sweeper.stdin?.write(String(when));
      const counts = (await Promise.all(outputs)).map((chunks) => Number(chunks.join('').replace('ready ', '')));
      expect(counts.reduce((one, other) => one + other)).toBe(CLAIMS);
      expect(drain().sort((one, other) => one - other)).toEqual(tokens);
      expect(readdirSync(root)).toEqual([]);
      both = counts.every((count) => count > 0);
    }
    expect(both).toBe(true);
  });
});

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
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(tryTakeSlots(last, 2)).toBe(true);
    releaseOwnClaim(last);
    expect(drain().sort()).toEqual(bytes('ab'));
  });
});
