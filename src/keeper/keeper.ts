import { closeSync, constants, openSync, rmSync, writeSync } from 'node:fs';
import { errorCode, reasonOf } from '../errors.js';
import { removeFolders } from '../pool/folder.js';
import { identify } from '../pool/identity.js';
import { openPool, reopen } from '../pool/pool.js';
import { writeRecord } from '../pool/record.js';
import { closeInheritable } from '../process/descriptors.js';
import { isAlive, pidOf, selfId } from '../process/process-table.js';
import { sweepClaims } from '../slots/release.js';
import { tryExactStat } from '../try-stat.js';
import type { HeldTokens } from './held-tokens.js';
import { makeRepair, proveHeld } from './repair.js';
import { type KeeperOrder, READY } from './start-keeper.js';
import { takePlace } from './succession.js';

/** Milliseconds between two looks at the owner and the claims. */
const LOOK_EVERY = 1000;

/** How often, and how many milliseconds apart, a new keeper looks for a moment in which nobody takes or returns a token. */
const QUIET = { looks: 20, every: 25 };

/**
 * The keeper: keeps a pool's FIFO open, for its content is gone with the last descriptor (PROTOCOL 11); returns the claims
 * of the dead; puts back tokens that others lost; and removes the pool when its owner ends or on SIGTERM.
 * @returns what ends the pool
 */
function keep({ root, key, record, fresh }: KeeperOrder): () => never {
  const { path, tokens, owner, session, keeper: starter } = record;
  const folder = `${root}/${key}`;
  const self = selfId();
  const place = record.place + 1;
  if (!takePlace(folder, { place, id: self })) throw new Error('the pool has ended, or another process was first');
  const pool = openPool({ kind: 'fifo', path }, root, { dead: true });
  if (pool.key !== key) throw new Error(`'${path}' was replaced`);
  const exempt = [process.pid, ...(session === null ? [] : [pidOf(session)])];
  const openAtFirst = [...exempt, pidOf(starter)];
  const before = fresh ? undefined : awaitQuiet(() => proveHeld({ pool, fifo: pool.fd, exempt: openAtFirst }));
  const fifo = reopen(pool, constants.O_RDWR | constants.O_NONBLOCK);
  const repair = makeRepair({ pool, fifo, tokens, exempt });
  if (fresh) writeSync(fifo, '+'.repeat(tokens));
  else log(`took the place of a keeper that was killed, and put in ${repair.refill(before)} tokens`);
  pool.record = { ...record, keeper: self, place };
  writeRecord(folder, pool.record);

  const end = () => {
    const stat = tryExactStat(path);
    if (stat !== undefined && identify(stat) === key) rmSync(path, { force: true });
    removeFolders(folder);
    process.exit(0);
  };
  const look = () => {
    try {
      if (owner !== null && !isAlive(owner)) end();
      const returned = sweepClaims(pool, self);
      if (returned > 0) log(`returned ${returned} claims of processes that have ended`);
      const put = repair.look();
      if (put > 0) log(`put back ${put} tokens that clients have lost`);
      if (put < 0) log(`took out ${-put} tokens more than there should be`);
    } catch (error) {
      // A keeper that gives up takes the pool with it; whatever this was may be better in a second.
      log(reasonOf(error));
    }
  };
  process.on('SIGTERM', end);
  process.on('SIGHUP', () => {});
  setInterval(look, LOOK_EVERY);
  return end;
}

/** @returns what `prove` gives; undefined where it is never quiet, as with a make that has the pool open all the time */
function awaitQuiet(prove: () => HeldTokens | undefined): HeldTokens | undefined {
  for (let looks = 0; looks < QUIET.looks; looks++) {
    const held = prove();
    if (held !== undefined) return held;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, QUIET.every);
  }
  return undefined;
}

function log(text: string): void {
  writeSync(2, `${new Date().toISOString()} ${text}\n`);
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
    answer(READY);
  } catch (error) {
    // Who made this pool was killed before anybody could hear of it.
    if (errorCode(error) === 'EPIPE' && order.fresh) end();
  }
}

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
