import { spawn } from 'node:child_process';
import { closeSync, lstatSync, openSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { attempt, cannot, errorCode, JobserverError } from '../errors.js';
import { createFolders, recordSession, removeFolders } from '../pool/folder.js';
import { identify } from '../pool/identity.js';
import { openPool, type Pool } from '../pool/pool.js';
import type { ProcessId } from '../process/process-table.js';
import { readOutput } from '../process/read-output.js';
import type { KeeperOrder } from './keeper.js';

/** What kind of pool to make. */
export interface PoolWish {
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
 * @throws JobserverError 'usage' for a path that cannot be, 'failed' where the system refuses; nothing is left then
 */
export async function createPool(wish: PoolWish, root: string): Promise<Pool> {
  const path =
    wish.fifo === undefined ? `${root}/${process.pid}-${Date.now().toString(36)}.fifo` : checkPath(wish.fifo);
  await makeFifo(path, wish.mode ?? 0o600);
  const stat = statSync(path, { bigint: true });
  const key = identify(stat);
  const folder = `${root}/${key}`;
  try {
    createFolders(folder);
    if (wish.session !== null) recordSession(folder, wish.session);
    await startKeeper({
      root,
      key,
      path,
      jobs: wish.jobs,
      tokens: wish.session === null ? wish.jobs : wish.jobs - 1,
      owner: wish.owner,
      session: wish.session,
    });
    return openPool({ kind: 'fifo', path }, root);
  } catch (error) {
    try {
      rmSync(path, { force: true });
      removeFolders(folder);
    } catch {
      // The same lack, most likely, and the first error tells of it.
    }
    throw error;
  }
}

/** What MAKEFLAGS, and scripts that split it unquoted, carry as it is. */
function checkPath(path: string): string {
  const full = resolve(path);
  const bad = /[^\p{L}\p{M}\p{N}_./:@%+=,~^-]/u.exec(full)?.[0];
  if (bad !== undefined) {
    const what = /\s/.test(bad) ? 'a blank' : `the character ${JSON.stringify(bad)}`;
    throw new JobserverError('usage', `--fifo: '${full}' has ${what}, which MAKEFLAGS cannot carry safely`);
  }
  return full;
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

/** Starts the background process and waits for its word. */
async function startKeeper(order: KeeperOrder): Promise<void> {
  const file = `${order.root}/${order.key}/keeper.log`;
  const log = attempt('write', file, () => openSync(file, 'a', 0o600));
  // What a person sets for their own Node programs (an inspector's port, certificates to load) is not for this one.
  const { NODE_OPTIONS: _options, NODE_EXTRA_CA_CERTS: _certificates, ...env } = process.env;
  const child = attempt('start the keeper', process.execPath, () =>
    spawn(process.execPath, [join(__dirname, '../keeper/keeper.js'), JSON.stringify(order)], {
      cwd: '/',
      // A session of its own: no terminal's signal reaches it.
      detached: true,
      env,
      stdio: ['ignore', 'pipe', log],
    }),
  );
  closeSync(log);
  try {
    const words = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.once('error', reject);
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      child.stdout?.once('close', () => resolve(text.trim()));
    });
    if (words !== 'ready')
      throw new JobserverError('failed', `cannot start the keeper: ${words || 'it ended at once'}`);
  } catch (error) {
    throw errorCode(error) === undefined ? error : cannot('start the keeper', process.execPath, error);
  }
  child.unref();
}
