import { type BigIntStats, lstatSync } from 'node:fs';
import { attempt, JobserverError } from '../errors.js';
import { checkPath, nameOwnFifo } from '../pool/fifo-name.js';
import { bootId, identify } from '../pool/identity.js';
import { openPool, type Pool } from '../pool/pool.js';
import { createFolders, recordSession, removeFolders } from '../pool/pool-folder.js';
import { writeRecord } from '../pool/pool-record.js';
import { removePool } from '../pool/remove-pool.js';
import { writePointer } from '../pool/state-pointer.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { type ProcessId, pidOf, readProcess, selfId } from '../process/process-table.js';
import { readOutput } from '../process/read-output.js';
import { userId } from '../process/user.js';
import { startKeeper } from './start-keeper.js';

/** What kind of pool to make. */
export interface PoolSpec {
  /** N. */
  jobs: number;
  /** The process that has the implicit slot: itself, or what it starts. Null: nobody, and the pool has N tokens. */
  session: ProcessId | null;
  /** The process that the pool ends with; null for none. */
  owner: ProcessId | null;
  /** Where the FIFO shall be; by default in a place of our own. */
  fifo?: string | undefined;
  /** The FIFO's mode, by default 0600. */
  mode?: number;
}

/**
 * Makes a FIFO, and a keeper that keeps it alive; returns when the pool is ready.
 * @param root the state folder
 * @returns the open pool
 * @throws JobserverError 'usage' for a path that cannot be, 'failed' if the system refuses; nothing is left then
 */
export async function createPool(spec: PoolSpec, root: string): Promise<Pool> {
  const path = spec.fifo === undefined ? nameOwnFifo(root, selfId()) : checkPath(spec.fifo, '--fifo');
  await makeFifo(path, spec.mode ?? 0o600);
  const key = identify(statFifo(path));
  const folder = `${root}/${key}`;
  try {
    // Of an older pool, where the file system knows no time of birth and the inode is the same. Nobody knows of this one yet.
    removeFolders(folder);
    createFolders(folder);
    const { jobs, session, owner } = spec;
    if (session !== null) recordSession(folder, session);
    const tokens = session === null ? jobs : jobs - 1;
    // Until the keeper is there it is this process that keeps the pool: where it is killed, the record tells who made this.
    const self = { keeper: selfId(), place: 0, namespace: pidNamespace(), boot: bootId() };
    const image = session === null ? null : (readProcess(pidOf(session))?.image ?? null);
    const record = { path, jobs, tokens, ...self, owner, session, image };
    writeRecord(folder, record);
    // Once anybody can find the pool by it, its state is there.
    if (spec.fifo !== undefined) writePointer(path, root, key, userId());
    const isKept = await startKeeper({ root, key, record, fresh: true });
    if (!isKept) throw new JobserverError('failed', 'cannot start the keeper: it was killed');
    return openPool({ kind: 'fifo', path }, root);
  } catch (error) {
    try {
      removePool(folder, key, path);
    } catch {
      // The same lack, most likely, and the first error tells of it.
    }
    throw error;
  }
}

async function makeFifo(path: string, mode: number): Promise<void> {
  if (attempt('create the FIFO', path, () => lstatSync(path, { throwIfNoEntry: false })) !== undefined) {
    throw new JobserverError('failed', `cannot create the FIFO '${path}': File exists`);
  }
  const env = { PATH: process.env.PATH, LC_ALL: 'C' };
  const { failed, stderr, code } = await readOutput('mkfifo', ['-m', mode.toString(8), '--', path], env);
  if (failed) {
    const reason = code === 'ENOENT' ? 'mkfifo(1) is not on PATH' : stderr.split(': ').at(-1);
    throw new JobserverError('failed', `cannot create the FIFO '${path}': ${reason}`);
  }
}

/** @returns what stat(2) says of the FIFO that was just made; it may be in a folder that others can change */
function statFifo(path: string): BigIntStats {
  const stat = attempt('read the FIFO', path, () => lstatSync(path, { bigint: true }));
  if (stat.isFIFO() && Number(stat.uid) === userId()) return stat;
  throw new JobserverError(
    'failed',
    `cannot create the FIFO '${path}': another file took its place; choose a folder that only you can write to`,
  );
}
