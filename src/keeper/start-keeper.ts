import { spawn } from 'node:child_process';
import { closeSync, lstatSync, openSync } from 'node:fs';
import { attempt, cannot, errorCode, JobserverError } from '../errors.js';
import type { PoolRecord } from '../pool/pool-record.js';
import { keeperWords } from '../process/own-program.js';
import { asRoot, asUser } from '../process/user.js';
import { CLAIM_VARIABLE } from '../slots/slot-owner.js';

/** What the keeper is to do, as JSON in its only argument. */
export interface KeeperOrder {
  /** The state folder. */
  root: string;
  key: string;
  /** The pool's record, with the place of the keeper that this one comes after. */
  record: PoolRecord;
  /** Whether the pool is new, so that nobody can hold a token yet. */
  fresh: boolean;
}

/** What the keeper answers: that it keeps the pool, perhaps followed by what is in doubt, or that another one does already. */
export const READY = 'ready';
export const LATE = 'late';

/**
 * Starts the background process and waits for its answer.
 * @param user whose pool it is, if root starts a keeper of theirs
 * @param onDoubt receives what the keeper says of slots that may be lost
 * @returns whether it keeps the pool now; false if another one does, or if it was killed before it answered
 * @throws JobserverError 'failed' with the keeper's reason
 */
export async function startKeeper(
  order: KeeperOrder,
  user?: number,
  onDoubt?: (doubt: string) => void,
): Promise<boolean> {
  const path = `${order.root}/${order.key}/keeper.log`;
  const log = asUser(user, () => attempt('write', path, () => openSync(path, 'a', 0o600)));
  const theirs = user === undefined ? {} : { uid: user, gid: lstatSync(order.root).gid };
  const env = { ...process.env };
  // What a person sets for their own programs of Node or Bun (an inspector's port, certificates to load) is not for this one. And
  // it is not part of the job that it is started from, whose claim would stay as long as it.
  for (const name of ['NODE_OPTIONS', 'NODE_EXTRA_CA_CERTS', 'BUN_OPTIONS', CLAIM_VARIABLE]) delete env[name];
  const [file, ...words] = keeperWords();
  const start = () =>
    spawn(file, [...words, JSON.stringify(order)], {
      ...theirs,
      cwd: '/',
      // A session of its own: no terminal's signal reaches it.
      detached: true,
      env,
      stdio: ['ignore', 'pipe', log],
    });
  const child = attempt('start the keeper', file, () => (user === undefined ? start() : asRoot(start)));
  closeSync(log);
  const signal = new Promise((resolve) => child.once('exit', (_, signal) => resolve(signal)));
  try {
    const words = await new Promise<string>((resolve, reject) => {
      let text = '';
      child.once('error', reject);
      child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      child.stdout?.once('close', () => resolve(text.trim()));
    });
    if (words === LATE || (words === '' && (await signal) === 'SIGKILL')) return false;
    const [word, ...doubt] = words.split(' ');
    if (word !== READY)
      throw new JobserverError('failed', `cannot start the keeper: ${words || 'it exited immediately'}`);
    child.unref();
    if (doubt.length > 0) onDoubt?.(doubt.join(' '));
    return true;
  } catch (error) {
    throw errorCode(error) === undefined ? error : cannot('start the keeper', file, error);
  }
}
