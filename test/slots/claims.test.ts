import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ProcessId, selfId } from '../../src/process/process-table.js';
import { handOver, openClaim, recordJob } from '../../src/slots/claim.js';
import { claimFile, listClaims, readClaim } from '../../src/slots/read-claim.js';
import { releaseClaim, releaseOwnClaim } from '../../src/slots/release-claim.js';
import { sweepClaims } from '../../src/slots/sweep-dead-claims.js';
import { tryTakeSlots } from '../../src/slots/take-slots.js';
import { bytes, claimSlots, makePool, startDead } from './real-pool.js';

/** Bytes that text would not survive as. */
const HOSTILE = [0x2b, 0x47, 0x2e, 0x00, 0xff, 0x0a, 0x80, 0x20, 0x2b];

/** The pid namespace of the tests, `pid:[4026531836]`. */
const NAMESPACE = readlinkSync('/proc/self/ns/pid');

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
    expect(lines.slice(4)).toEqual([...HOSTILE.map((byte) => `token ${Buffer.of(byte).toString('hex')}`), '']);
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
    expect(readFileSync(claimFile(pool, claim.id), 'utf8').split('\n')).toEqual([
      'command "make \\"a b\\"\\nc"',
      expect.stringMatching(/^since \d{4}-\d\d-\d\dT[\d:.]+Z$/),
      expect.stringMatching(/^boot [0-9a-f]{8}$/),
      `in ${NAMESPACE}`,
      'owner below-7.8',
      '',
    ]);
    expect(readClaim(pool, claim.id)).toMatchObject({
      namespace: NAMESPACE,
      name: { holder: '123.456', former: undefined, returner: undefined },
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
      name: { holder: '123.456' },
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
        message: `the pool '${path}' is gone: no process keeps it open; make a new one with js-create`,
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
