import { closeSync, constants, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { reasonOf } from '../errors.js';
import { removeFolders } from '../pool/folder.js';
import { identify } from '../pool/identity.js';
import { openPool } from '../pool/pool.js';
import { writeRecord } from '../pool/record.js';
import { closeInheritable } from '../process/descriptors.js';
import { isAlive, type ProcessId, pidNamespace, pidOf, selfId } from '../process/process-table.js';
import { listClaims } from '../slots/claim.js';
import { sweepClaims } from '../slots/release.js';
import { tryExactStat } from '../try-stat.js';
import { makeRepair } from './repair.js';

/** What js-create tells the keeper, as JSON in its only argument. */
export interface KeeperOrder {
  root: string;
  key: string;
  path: string;
  jobs: number;
  tokens: number;
  owner: ProcessId | null;
  session: ProcessId | null;
}

/** Milliseconds between two looks at the owner and the claims. */
const LOOK_EVERY = 1000;

/**
 * The keeper: keeps a pool's FIFO open, for its content is gone with the last descriptor (PROTOCOL 11); returns the claims
 * of the dead; puts back tokens that others lost; and removes the pool when its owner ends or on SIGTERM.
 */
function keep(order: KeeperOrder): void {
  const { root, key, path, jobs, tokens, owner, session } = order;
  const folder = `${root}/${key}`;
  const fifo = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  if (identify(fstatSync(fifo, { bigint: true })) !== key) throw new Error(`'${path}' was replaced`);
  writeSync(fifo, '+'.repeat(tokens));
  const self = selfId();
  writeRecord(folder, { path, jobs, tokens, keeper: self, namespace: pidNamespace(), owner, session });
  const pool = openPool({ kind: 'fifo', path }, root);

  const end = () => {
    const stat = tryExactStat(path);
    if (stat !== undefined && identify(stat) === key) rmSync(path, { force: true });
    removeFolders(folder);
    process.exit(0);
  };
  const exempt = [process.pid, ...(session === null ? [] : [pidOf(session)])];
  const repair = makeRepair(fifo, tokens, exempt, () => listClaims(pool).length > 0);
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
}

function log(text: string): void {
  try {
    writeSync(2, `${new Date().toISOString()} ${text}\n`);
  } catch {
    // A full disk: what it keeps is worth more than a line about it.
  }
}

/** Tells js-create how it went, and lets go of the pipe that it listens on. */
function answer(text: string): void {
  writeSync(1, text);
  closeSync(1);
  openSync('/dev/null', constants.O_WRONLY);
}

try {
  // A keeper that holds a pipe of whoever called js-create would keep its reader waiting.
  closeInheritable();
  keep(JSON.parse(process.argv[2] ?? '') as KeeperOrder);
  answer('ready');
} catch (error) {
  answer(reasonOf(error));
  process.exit(1);
}
