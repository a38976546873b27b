import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import { errorCode, reasonOf } from '../errors.js';
import { identify } from '../pool/identity.js';
import { openPool, type Pool, reopen } from '../pool/pool.js';
import { isOwnerDead, type PoolRecord, readRecord, writeRecord } from '../pool/pool-record.js';
import { removePool } from '../pool/remove-pool.js';
import { overrideNodeSignals } from '../process/override-node-signals.js';
import { closeInheritable } from '../process/own-descriptors.js';
import { pidOf, readProcess, readStatus, selfId } from '../process/process-table.js';
import { sleepSync } from '../process/sleep-sync.js';
import { listClaims } from '../slots/read-claim.js';
import { sweepClaims } from '../slots/sweep-dead-claims.js';
import { wakeForFree } from '../slots/wake-waiters.js';
import { findStranger, type Stranger } from './find-stranger.js';
import { findAnyStranger, type Kept, makeRepair, type Repair } from './put-back-lost-tokens.js';
import { type KeeperOrder, LATE, READY } from './start-keeper.js';
import { takePlace } from './succession.js';
import { refresh, restore } from './upkeep.js';

/** Milliseconds between two looks at the owner and the claims. */
const LOOK_EVERY = 1000;

/** Looks between two at the pool's record, and at whether its FIFO can be found. */
const RECORD_EVERY = 10;

/** Looks between two times of refreshing: an hour; nobody calls less than a day old (tmpfiles.d(5) of /tmp: 10 days). */
const REFRESH_EVERY = 3600;

/** How long, and how many milliseconds apart, a new keeper tries to tell what is missing: the pool waits for it. */
const REFILL = { within: 1000, every: 10 };

/**
 * The keeper: keeps a pool's FIFO open, for its content is gone with the last descriptor (PROTOCOL 11); returns the claims
 * of the dead; puts back tokens that others lost; and removes the pool when its owner ends or on SIGTERM.
 * @returns what to say to who started it, and what ends the pool; undefined if another keeper is there already
 */
function keep({ root, key, record, fresh }: KeeperOrder): { word: string; end: () => never } | undefined {
  const { path, tokens, owner } = record;
  const folder = `${root}/${key}`;
  const self = selfId();
  const place = record.place + 1;
  if (!takePlace(folder, { place, id: self })) return undefined;
  const pool = openPool({ kind: 'fifo', path }, root, { allowAbandoned: true });
  if (pool.key !== key) throw new Error(`the FIFO '${path}' was replaced by another file`);
  const fifo = reopen(pool, constants.O_RDWR | constants.O_NONBLOCK);
  const kept: Kept = { pool, fifo, tokens, exempt: () => [process.pid, ...findSession(record)] };
  const repair = makeRepair(kept);
  let word = READY;
  if (fresh) writeSync(fifo, '+'.repeat(tokens));
  else {
    const { put, stranger } = refill(kept, repair);
    log(`replaced a keeper that was killed, and put back ${countOf(put, 'token')}`);
    if (stranger?.hidden) {
      const doubt = `lost slots cannot be replaced while ${describe(stranger)} may hold some`;
      log(doubt);
      word += ` ${doubt}`;
    }
  }
  pool.record = { ...record, keeper: self, place };
  writeRecord(folder, pool.record);

  const end = () => {
    removePool(folder, key, path);
    process.exit(0);
  };
  let looks = 0;
  let told: string | undefined;
  const doubts = { last: 0, told: 0 };
  const tellDoubt = (stranger: Stranger | undefined) => {
    const pid = stranger?.hidden ? stranger.pid : 0;
    // Not of each program that root runs for a moment.
    if (stranger !== undefined && pid !== 0 && pid === doubts.last && pid !== doubts.told) {
      log(`lost slots cannot be replaced while ${describe(stranger)} may hold some`);
      doubts.told = pid;
    }
    doubts.last = pid;
  };
  const look = () => {
    try {
      // What the owner runs is written down when it has started.
      if (isOwnerDead({ owner }) && isOwnerDead(readRecord(folder) ?? { owner })) end();
      // A js-destroy that took the former keeper for the last has removed what this one has just written.
      const isDue = looks++ % RECORD_EVERY === 0;
      if (isDue && (readRecord(folder) === undefined || isDeserted(pool, record, fifo))) end();
      const returned = sweepClaims(pool, self);
      if (returned > 0) log(`returned ${countOf(returned, 'claim')} of processes that have ended`);
      wakeForFree(pool);
      const put = repair.look();
      if (put > 0) log(`put back ${countOf(put, 'token')} that clients had lost`);
      if (put < 0) log(`removed ${countOf(-put, 'surplus token')}`);
      tellDoubt(repair.stranger());
      if (isDue) restore(pool, record);
      if (looks % REFRESH_EVERY === 1) refresh(pool, record);
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
  return { word, end };
}

/** @returns whether the FIFO of that identity is at the path, or may be */
function isAt(path: string, key: string): boolean {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat !== undefined && identify(stat) === key;
  } catch {
    // In a folder that cannot be looked into just now.
    return true;
  }
}

/** @returns whether nobody can find the pool's FIFO any more, and nobody has it open or uses a slot of it */
function isDeserted(pool: Pool, record: PoolRecord, fifo: number): boolean {
  if (isAt(record.path, pool.key) || listClaims(pool).length > 0) return false;
  return findStranger(pool, fifo, [process.pid]) === undefined;
}

/** Puts back what was lost with the last one that had the pool open. @returns how many tokens that were, or who keeps it from being told */
function refill(kept: Kept, repair: Repair): { put: number; stranger?: Stranger } {
  // Where a make has it open all the time the content is there still, and what is missing is made good when it is gone.
  // A time, not a number of tries: each takes long where there are many processes.
  let put = 0;
  for (const end = performance.now() + REFILL.within; performance.now() < end; ) {
    const stranger = findAnyStranger(kept);
    if (stranger !== undefined) return { put, stranger };
    put += repair.fill() ?? 0;
    // The command that started us may not be asleep yet: what it could hold is put in when it is seen that it does not.
    if (repair.isSure()) return { put };
    sleepSync(REFILL.every);
  }
  return { put };
}

/** @returns the pid of the session's shell, which may have the pool open for what it starts; none where it exec'd a client */
function findSession({ session, image }: PoolRecord): number[] {
  const entry = session === null ? undefined : readProcess(pidOf(session));
  return entry?.id === session && entry?.image === image ? [entry.pid] : [];
}

/** @returns a process as a person knows it */
const describe = ({ pid }: Stranger): string =>
  `process ${pid} (${/^Name:\t(.*)$/m.exec(readStatus(pid))?.[1] ?? 'hidden'})`;

/** @returns `1 token`, `2 tokens` */
const countOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

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
  const kept = keep(order);
  try {
    answer(kept?.word ?? LATE);
  } catch (error) {
    // Who made this pool was killed before anybody could hear of it.
    if (errorCode(error) === 'EPIPE' && order.fresh) kept?.end();
  }
}

overrideNodeSignals();
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
