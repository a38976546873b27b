import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolders } from '../pool/folder.js';
import { bootId, identify } from '../pool/identity.js';
import { isKeeperDead, isOver, readRecord } from '../pool/record.js';
import { removePool } from '../pool/remove-pool.js';
import { descriptorStat, isAlive, listDescriptors, pidOf, readProcess } from '../process/process-table.js';
import { listClaims, readClaim } from '../slots/claim.js';
import { isInUse } from '../slots/release.js';
import { tryExactStat, tryStat } from '../try-stat.js';

/** Milliseconds: more than js-create takes from the first file to the last. */
const YOUNG = 60_000;

/**
 * Removes what commands and keepers that were killed have left in the state folder. A pool that can have a new keeper is
 * left alone.
 * @returns a line for each thing that was removed
 */
export function sweepStale(root: string): string[] {
  return readdirSync(root).flatMap((name) => sweepFifo(root, name) ?? sweepFolder(root, name) ?? []);
}

/** The folder of a pool, named by its identity. */
function sweepFolder(root: string, key: string): string | undefined {
  if (!/^\d+-\d+-\w+$/.test(key)) return undefined;
  const folder = join(root, key);
  const record = readRecord(folder);
  if (record === undefined) return sweepForeign(folder, key);
  // An earlier boot's processes are dead whatever runs under their pids now.
  const isDead = record.boot !== bootId() || isKeeperDead(record);
  if (!isDead || !isOver(record, key)) return undefined;
  removePool(folder, key, record.path);
  const { owner, keeper } = record;
  const why = owner === null || isAlive(owner) ? `its FIFO is gone` : `its owner (pid ${pidOf(owner)}) has ended`;
  return `the pool '${record.path}': its keeper (pid ${pidOf(keeper)}) was killed, and ${why}`;
}

/** Of a pool of somebody else's there are only claims, which go one by one; after a crash they may outlive the pool. */
function sweepForeign(folder: string, key: string): string | undefined {
  const stat = tryStat(folder);
  if (stat === undefined || Date.now() - stat.mtimeMs < YOUNG) return undefined;
  const isUsed = (id: string) => {
    const claim = readClaim({ folder }, id);
    return claim !== undefined && isInUse(id, claim);
  };
  // While anybody has the pool open their tokens can still go back.
  if (listClaims({ folder }).some(isUsed) || isOpenAnywhere(key)) return undefined;
  removeFolders(folder);
  return `the claims of a pool that has ended, '${folder}'`;
}

/** @returns whether any process that we may look into has the pipe or FIFO open */
function isOpenAnywhere(key: string): boolean {
  return readdirSync('/proc').some((entry) => {
    const pid = Number(entry);
    return Number.isInteger(pid) && listDescriptors(pid).some((fd) => isPipe(pid, fd, key));
  });
}

function isPipe(pid: number, fd: number, key: string): boolean {
  const stat = descriptorStat(pid, fd);
  return stat?.isFIFO() === true && identify(stat) === key;
}

/** A FIFO in the state folder, named by the pid of the js-create that made it. With a record it is the FIFO of a pool. */
function sweepFifo(root: string, name: string): string | undefined {
  const [, pid] = /^(\d+)-\w+\.fifo$/.exec(name) ?? [];
  const path = join(root, name);
  const stat = pid === undefined || readProcess(Number(pid)) !== undefined ? undefined : tryExactStat(path);
  const folder = stat === undefined ? undefined : join(root, identify(stat));
  if (folder === undefined || readRecord(folder) !== undefined) return undefined;
  rmSync(path, { force: true });
  removeFolders(folder);
  return `the FIFO '${path}': who was making it was killed`;
}
