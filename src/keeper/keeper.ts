import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { errorCode, reasonOf } from '../errors.js';
import { openPool, reopen } from '../pool/pool.js';
import { isOwnerDead, type PoolRecord, readRecord, writeRecord } from '../pool/record.js';
import { removePool } from '../pool/remove-pool.js';
import { closeInheritable } from '../process/descriptors.js';
import { disarmSignals } from '../process/disarm.js';
import { pidOf, readProcess, selfId } from '../process/process-table.js';
import { wakeForFree } from '../slots/notes.js';
import { sweepClaims } from '../slots/sweep.js';
import { isProvable, type Kept, makeRepair, type Repair } from './repair.js';
import { type KeeperOrder, LATE, READY } from './start-keeper.js';
import { takePlace } from './succession.js';

/** Milliseconds between two looks at the owner and the claims. */
const LOOK_EVERY = 1000;

/** Looks between two at the pool's record. */
const RECORD_EVERY = 10;

/** How long, and how many milliseconds apart, a new keeper tries to tell what is missing: the pool waits for it. */
const REFILL = { within: 1000, every: 10 };

/**
 * The keeper: keeps a pool's FIFO open, for its content is gone with the last descriptor (PROTOCOL 11); returns the claims
 * of the dead; puts back tokens that others lost; and removes the pool when its owner ends or on SIGTERM.
 * @returns what ends the pool; undefined where another keeper is there already
 */
function keep({ root, key, record, fresh }: KeeperOrder): (() => never) | undefined {
  const { path, tokens, owner } = record;
  const folder = `${root}/${key}`;
  const self = selfId();
  const place = record.place + 1;
  if (!takePlace(folder, { place, id: self })) return undefined;
  const pool = openPool({ kind: 'fifo', path }, root, { dead: true });
  if (pool.key !== key) throw new Error(`'${path}' was replaced`);
  const fifo = reopen(pool, constants.O_RDWR | constants.O_NONBLOCK);
  const kept: Kept = { pool, fifo, tokens, exempt: () => [process.pid, ...findSession(record)] };
  const repair = makeRepair(kept);
  if (fresh) writeSync(fifo, '+'.repeat(tokens));
  else {
    const put = refill(kept, repair);
    log(`took the place of a keeper that was killed, and put back ${put} tokens`);
  }
  pool.record = { ...record, keeper: self, place };
  writeRecord(folder, pool.record);

  const end = () => {
    removePool(folder, key, path);
    process.exit(0);
  };
  let looks = 0;
  let told: string | undefined;
  const look = () => {
    try {
      // What the owner runs is written down when it has started.
      if (isOwnerDead({ owner }) && isOwnerDead(readRecord(folder) ?? { owner })) end();
      // A js-destroy that took the former keeper for the last has removed what this one has just written.
      if (looks++ % RECORD_EVERY === 0 && readRecord(folder) === undefined) end();
      const returned = sweepClaims(pool, self);
      if (returned > 0) log(`returned ${returned} claims of processes that have ended`);
      wakeForFree(pool);
      const put = repair.look();
      if (put > 0) log(`put back ${put} tokens that clients have lost`);
      if (put < 0) log(`took out ${-put} tokens more than there should be`);
      told = undefined;
    } catch (error) {
      // A keeper that gives up takes the pool with it; whatever this was may be better in a second. What stays is told once.
      if (reasonOf(error) !== told) log(reasonOf(error));
      told = reasonOf(error);
    }
  };
  process.on('SIGTERM', end);
  process.on('SIGHUP', () => {});
  setInterval(look, LOOK_EVERY);
  return end;
}

/** Puts back what was lost with the last one that had the pool open. @returns how many tokens that were */
function refill(kept: Kept, repair: Repair): number {
  // Where a make has it open all the time the content is there still, and what is missing is made good when it is gone.
  // A time, not a number of tries: each takes long where there are many processes.
  for (const end = Date.now() + REFILL.within; Date.now() < end && isProvable(kept); ) {
    const put = repair.fill();
    if (put !== undefined) return put;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, REFILL.every);
  }
  return 0;
}

/** @returns the pid of the session's shell, which may have the pool open for what it starts; none where it exec'd a client */
function findSession({ session, image }: PoolRecord): number[] {
  const entry = session === null ? undefined : readProcess(pidOf(session));
  return entry?.id === session && entry?.image === image ? [entry.pid] : [];
}

function log(text: string): void {
  try {
    writeSync(2, `${new Date().toISOString()} ${text}\n`);
  } catch {
    // A full disk: what it keeps is worth more than a line about it.
  }
}

/** Tells who started the keeper how it went, and lets go of the pipe that they listen on. */
function answer(text: string): void {
  writeSync(1, text);
  closeSync(1);
  openSync('/dev/null', constants.O_WRONLY);
}

function main(): void {
  const order = JSON.parse(process.argv[2] ?? '') as KeeperOrder;
  const end = keep(order);
  try {
    answer(end === undefined ? LATE : READY);
  } catch (error) {
    // Who made this pool was killed before anybody could hear of it.
    if (errorCode(error) === 'EPIPE' && order.fresh) end?.();
  }
}

disarmSignals();
try {
  // A keeper that holds a pipe of whoever called js-create would keep its reader waiting.
  closeInheritable();
  main();
} catch (error) {
  try {
    answer(reasonOf(error));
  } finally {
    process.exit(1);
  }
}
