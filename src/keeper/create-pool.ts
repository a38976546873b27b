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
  /** The process that has the implicit slot, for itself or what it starts; null if none has, and the pool has N tokens. */
  session: ProcessId | null;
  /** The process that the pool ends with; null for none. */
  owner: ProcessId | null;
  /** The path of the FIFO; by default in the state folder. */
  fifo?: string | undefined;
  /** The FIFO's mode, by default 0600. */
  mode?: number;
  /** The trace in which the jobs are to be, an absolute path. */
  trace?: string | undefined;
}

/**
 * Makes a FIFO, and a keeper that keeps it open; returns when the pool is ready.
 * @param root the state folder
 * @returns the open pool
 * @throws JobserverError 'usage' for a path that cannot be advertised, 'failed' if the system refuses; nothing is left then
 */
export async function createPool(spec: PoolSpec, root: string): Promise<Pool> {
  const path = spec.fifo === undefined ? nameOwnFifo(root, selfId()) : checkPath(spec.fifo, '--fifo');
  await makeFifo(path, spec.mode ?? 0o600);
  const key = identify(statFifo(path));
  const folder = `${root}/${key}`;
  try {
    // An older pool may have left it, if the file system knows no time of birth and the inode is the same. Nobody knows this one yet.
    removeFolders(folder);
    createFolders(folder);
    const { jobs, session, owner } = spec;
    if (session !== null) recordSession(folder, session);
    const tokens = session === null ? jobs : jobs - 1;
    // Until there is a keeper, this process keeps the pool: if it is killed, the record says which process made this.
    const self = { keeper: selfId(), place: 0, namespace: pidNamespace(), boot: bootId() };
    const image = session === null ? null : (readProcess(pidOf(session))?.image ?? null);
    const { trace } = spec;
    const record = { path, jobs, tokens, ...self, owner, session, image, ...(trace !== undefined && { trace }) };
    writeRecord(folder, record);
    // Only now: the pool can be found by it, so its state has to be there.
    if (spec.fifo !== undefined) writePointer(path, root, key, userId());
    const isKept = await startKeeper({ root, key, record, fresh: true });
    if (!isKept) throw new JobserverError('failed', 'cannot start the keeper: it was killed');
    return openPool({ kind: 'fifo', path }, root);
  } catch (error) {
    try {
      removePool(folder, key, path);
    } catch {
      // The cause is most likely the same, and the first error says it.
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

/** Returns what stat(2) says of the FIFO that was just made; it may be in a folder that others can change. */
function statFifo(path: string): BigIntStats {
  const stat = attempt('read the FIFO', path, () => lstatSync(path, { bigint: true }));
  if (stat.isFIFO() && Number(stat.uid) === userId()) return stat;
  throw new JobserverError(
    'failed',
    `cannot create the FIFO '${path}': another file took its place; choose a folder that only you can write to`,
  );
}
