import { closeSync, constants, openSync, statSync, writeSync } from 'node:fs';
import { errorCode, reasonOf } from '../errors.js';
import { parseClaimName } from '../pool/claim-name.js';
import { identify } from '../pool/identity.js';
import { openPool, type Pool, reopen } from '../pool/pool.js';
import { isOwnerDead, type PoolRecord, readRecord, writeRecord } from '../pool/pool-record.js';
import { removePool } from '../pool/remove-pool.js';
import { overrideNodeSignals } from '../process/override-node-signals.js';
import { closeInheritable } from '../process/own-descriptors.js';
import { type ProcessId, readStatus, selfId } from '../process/process-table.js';
import { sleepSync } from '../process/sleep-sync.js';
import { listClaims } from '../slots/read-claim.js';
import { sweepClaims } from '../slots/sweep-dead-claims.js';
import { wakeForFree } from '../slots/wake-waiters.js';
import { findStranger, nameIn, type Stranger } from './find-stranger.js';
import { refresh, restore } from './preserve-files.js';
import { type Kept, makeRepair, type Repair } from './put-back-lost-tokens.js';
import { type KeeperOrder, LATE, READY } from './start-keeper.js';
import { takePlace } from './succession.js';

/** How often the keeper looks at the owner and the claims. */
const LOOK_INTERVAL_MS = 1000;

/** Every how many looks it also looks at the pool's record, and at whether its FIFO can be found. */
const LOOKS_PER_RECORD_CHECK = 10;

/** Every how many looks it refreshes the files: an hour. What is younger than a day is removed nowhere (tmpfiles.d(5): 10 days). */
const LOOKS_PER_REFRESH = 3600;

/** How long a new keeper tries to find out which tokens are missing: the pool waits for it. */
const REFILL_TIMEOUT_MS = 1000;

/** How long it waits between two tries. */
const REFILL_INTERVAL_MS = 10;

/**
 * Keeps a pool: its FIFO open, because the content is gone with the last descriptor (PROTOCOL 11), and its tokens complete. Returns
 * the claims of dead processes, puts back tokens that clients have lost, and removes the pool when its owner ends, or on SIGTERM.
 * @returns the answer for the process that started it, and what ends the pool; undefined if there is another keeper already
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
  const kept: Kept = { pool, fifo, tokens };
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
  let lastFailure: string | undefined;
  const hiddenPids = { seen: 0, logged: 0 };
  const logDoubt = (stranger: Stranger | undefined) => {
    const pid = stranger?.hidden ? stranger.pid : 0;
    // Only what is there for two looks, not each program that root runs for a moment.
    if (stranger !== undefined && pid !== 0 && pid === hiddenPids.seen && pid !== hiddenPids.logged) {
      log(`lost slots cannot be replaced while ${describe(stranger)} may hold some`);
      hiddenPids.logged = pid;
    }
    hiddenPids.seen = pid;
  };
  const look = () => {
    try {
      // The job of the owner is in the record only when it has started.
      const isOver = isOwnerDead({ owner }) && isOwnerDead(readRecord(folder) ?? { owner });
      if (isOver && !isLeftByJobs(pool, owner)) end();
      // A js-destroy that took the former keeper for the last one has removed what this one has just written.
      const isDue = looks++ % LOOKS_PER_RECORD_CHECK === 0;
      if (isDue && (readRecord(folder) === undefined || isDeserted(pool, record, fifo))) end();
      const returned = sweepClaims(pool, self);
      if (returned > 0) log(`returned ${countOf(returned, 'claim')} of processes that have ended`);
      const put = repair.look();
      if (put > 0) log(`put back ${countOf(put, 'token')} that clients had lost`);
      if (put < 0) log(`removed ${countOf(-put, 'surplus token')}`);
      logDoubt(repair.stranger());
      // Last: what is awake cannot be told from what has just read a token.
      wakeForFree(pool);
      if (isDue) restore(pool, record);
      if (looks % LOOKS_PER_REFRESH === 1) refresh(pool, record);
      lastFailure = undefined;
    } catch (error) {
      // A keeper that gives up takes the pool with it, and the next look may succeed. A failure that lasts is logged once.
      if (reasonOf(error) !== lastFailure) log(reasonOf(error));
      lastFailure = reasonOf(error);
    }
  };
  process.on('SIGTERM', end);
  process.on('SIGHUP', () => {});
  setInterval(look, LOOK_INTERVAL_MS);
  return { word, end };
}

/** Returns whether jobs of a js-each that the pool was made for, and that has ended, still run in it. */
const isLeftByJobs = (pool: Pool, owner: ProcessId | null): boolean =>
  listClaims(pool).some((id) => {
    const name = parseClaimName(id);
    return name?.number !== undefined && owner !== null && [name.holder, name.former].includes(owner);
  });

/** Returns whether the FIFO of that identity is at the path, or may be. */
function isAt(path: string, key: string): boolean {
  try {
    const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
    return stat !== undefined && identify(stat) === key;
  } catch {
    // In a folder that cannot be looked into just now.
    return true;
  }
}

/** Returns whether nobody can find the pool's FIFO any more, has it open, or uses a slot of it. */
function isDeserted(pool: Pool, record: PoolRecord, fifo: number): boolean {
  if (isAt(record.path, pool.key) || listClaims(pool).length > 0) return false;
  return findStranger(pool, fifo) === undefined;
}

/**
 * Puts back the tokens that were lost while the pool was without a keeper, as the successor in test/model/slots.pml does.
 * @returns how many they were, and the process because of which that could not be found out, if there is one
 */
function refill(kept: Kept, repair: Repair): { put: number; stranger?: Stranger } {
  // If a make has had it open all the time, the content is still there, and a repair puts back what is missing when that has ended.
  // A time, not a number of tries: each takes long if there are many processes.
  let put = 0;
  for (const end = performance.now() + REFILL_TIMEOUT_MS; performance.now() < end; ) {
    const stranger = findStranger(kept.pool, kept.fifo);
    if (stranger !== undefined) return { put, stranger };
    put += repair.fill() ?? 0;
    // The command that started us may not be asleep yet. What it could hold is put in as soon as it is seen to hold nothing.
    if (repair.isSure()) return { put };
    sleepSync(REFILL_INTERVAL_MS);
  }
  return { put };
}

/** Returns a process as a person knows it. */
const describe = ({ pid }: Stranger): string => `process ${pid} (${nameIn(readStatus(pid)) || 'hidden'})`;

/** Returns `1 token`, `2 tokens`. */
const countOf = (count: number, thing: string): string => `${count} ${thing}${count === 1 ? '' : 's'}`;

function log(text: string): void {
  try {
    writeSync(2, `${new Date().toISOString()} ${text}\n`);
  } catch {
    // The disk is full: the pool is worth more than a line in its log.
  }
}

/** Writes the answer for the process that started the keeper, and closes the pipe that it reads. */
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
    // The process that made this pool was killed before anybody could use it.
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
