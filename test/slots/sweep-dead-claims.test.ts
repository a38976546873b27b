import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, renameSync, utimesSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { pidNamespace } from '../../src/process/pid-namespace.js';
import { type ProcessId, selfId } from '../../src/process/process-table.js';
import { handOver, openClaim, recordJob } from '../../src/slots/claim.js';
import { claimFile, listClaims, readClaim } from '../../src/slots/read-claim.js';
import { releaseClaim } from '../../src/slots/release-claim.js';
import { CLAIM_VARIABLE } from '../../src/slots/slot-owner.js';
import { sweepClaims } from '../../src/slots/sweep-dead-claims.js';
import { bundle } from '../process/bundle.js';
import { start } from '../process/start.js';
import { ageClaims, bytes, claimSlots, makePool, startDead, startProcess } from './real-pool.js';

/** A pid namespace of its own, as a container has. */
const UNSHARE = ['--pid', '--fork', '--mount-proc'];
const canUnshare = spawnSync('unshare', [...UNSHARE, 'true']).status === 0;

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

  test('removes an empty claim of the dead, but not one that may be written just now', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const claim = openClaim(pool, await startDead(), undefined, 'a test');
    const file = claimFile(pool, claim.id);
    writeFileSync(file, '');
    expect(sweepClaims(pool, selfId())).toBe(0);
    utimesSync(file, 1, 1);
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual(bytes('a'));
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

  test('waits for the job of a holder that was killed before it could write it down', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const claim = claimSlots(pool, await startDead(), 1);
    const job = await startProcess({ [CLAIM_VARIABLE]: claim.id });
    expect(sweepClaims(pool, selfId())).toBe(0);
    await job.end();
    utimesSync(claimFile(pool, claim.id), new Date(), new Date());
    // It may have been killed between fork and exec.
    expect(sweepClaims(pool, selfId())).toBe(0);
    ageClaims(pool);
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual(bytes('a'));
  });

  test('waits for what a job has left in its slot, even if the process that started it was killed', async () => {
    const { pool, drain } = makePool(bytes('a'));
    const left = await startProcess();
    const outer = claimSlots(pool, await startDead(), 1);
    recordJob(outer, await startDead());
    const inner = claimSlots(pool, await startDead(), 1, `below-${outer.id as ProcessId}`);
    expect(inner).toMatchObject({ implicit: true });
    recordJob(inner, left.id);
    expect(sweepClaims(pool, selfId())).toBe(0);
    renameSync(claimFile(pool, outer.id), claimFile(pool, `${inner.id}-${outer.id}`));
    expect(sweepClaims(pool, selfId())).toBe(0);
    expect(drain()).toEqual([]);
    // A process died while it returned it: its token may still be needed.
    const handedOver = claimFile(pool, `${inner.id}-${outer.id}`);
    const half = `${handedOver}~${await startDead()}`;
    renameSync(handedOver, half);
    expect(sweepClaims(pool, selfId())).toBe(0);
    renameSync(half, handedOver);
    await left.end();
    sweepClaims(pool, selfId());
    sweepClaims(pool, selfId());
    expect(drain()).toEqual(bytes('a'));
    expect(existsSync(pool.folder)).toBe(false);
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
    // A returner that died may have put the token back: better one too few than one too many.
    await returner.end();
    expect(sweepClaims(pool, selfId())).toBe(1);
    expect(drain()).toEqual([]);
    expect(listClaims(pool)).toEqual([]);
  });

  test.skipIf(!canUnshare)(
    'leaves a claim of a container, whose holder is not seen from here (needs root)',
    async () => {
      const { pool, drain } = makePool(bytes('ab'));
      const container = start(
        'unshare',
        [...UNSHARE, '--kill-child', 'sh', '-c', 'readlink /proc/self/ns/pid; exec sleep 1000'],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      const [line] = (await once(container.stdout as NodeJS.EventEmitter, 'data')) as [Buffer];
      const namespace = String(line).trim();
      const [one, other] = [claimSlots(pool, await startDead(), 1), claimSlots(pool, await startDead(), 1)];
      const file = claimFile(pool, one.id);
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replace(/^in pid:\[\d+\]$/m, `in ${namespace}`));
      expect(readClaim(pool, one.id)).toMatchObject({ namespace, tokens: bytes('a') });
      // Of the two only this one is known to be dead.
      ageClaims(pool);
      expect(sweepClaims(pool, selfId())).toBe(1);
      expect(listClaims(pool)).toEqual([one.id]);
      expect(existsSync(claimFile(pool, other.id))).toBe(false);
      expect(drain()).toEqual(bytes('b'));
      // Nor is the process that returns it seen.
      const returned = `${one.id}~${await startDead()}`;
      renameSync(file, claimFile(pool, returned));
      ageClaims(pool);
      expect(sweepClaims(pool, selfId())).toBe(0);
      expect(listClaims(pool)).toEqual([returned]);
      // It was the namespace alone.
      renameSync(claimFile(pool, returned), file);
      writeFileSync(file, text);
      ageClaims(pool);
      expect(sweepClaims(pool, selfId())).toBe(1);
      expect(drain()).toEqual(bytes('a'));
      expect(existsSync(pool.folder)).toBe(false);
    },
  );

  test.skipIf(!canUnshare)(
    'from a container leaves what is outside, and the other way round (needs root)',
    async () => {
      const program = bundle(`
      import { openPool } from './pool/pool.js';
      import { nameNewClaim } from './pool/claim-name.js';
      import { selfId } from './process/process-table.js';
      import { openClaim } from './slots/claim.js';
      import { sweepClaims } from './slots/sweep-dead-claims.js';
      import { tryTakeSlots } from './slots/take-slots.js';
      const pool = openPool({ kind: 'fifo', path: process.argv[2] }, process.argv[3]);
      const swept = sweepClaims(pool, selfId());
      // Ends without giving it back.
      tryTakeSlots(openClaim(pool, selfId(), undefined, ''), 1);
      console.log(JSON.stringify({ swept, self: nameNewClaim(selfId()) }));`);
      const { path, root, pool, drain } = makePool(bytes('ab'));
      const holder = await startProcess();
      const claim = claimSlots(pool, holder.id, 1);
      const output = execFileSync('unshare', [...UNSHARE, process.execPath, program, path, root], { encoding: 'utf8' });
      const { swept, self } = JSON.parse(output) as { swept: number; self: ProcessId };
      expect(swept).toBe(0);
      expect(self).toMatch(/^1\.\d+@\d+$/);
      expect(listClaims(pool).sort()).toEqual([claim.id, self].sort());
      // From the first namespace it is seen that nobody is left in the container; from any other one it is not.
      const seen = pidNamespace() === 'pid:[4026531836]';
      await holder.end();
      expect(sweepClaims(pool, selfId())).toBe(seen ? 2 : 1);
      expect(listClaims(pool)).toEqual(seen ? [] : [self]);
      expect(releaseClaim(pool, self, selfId())).toBe(!seen);
      expect(drain().sort()).toEqual(bytes('ab'));
    },
  );

  test('by two at a time returns each token once', async () => {
    const program = bundle(`
      import { openPool } from './pool/pool.js';
      import { selfId } from './process/process-table.js';
      import { sweepClaims } from './slots/sweep-dead-claims.js';
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
