import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { attempt, cannot, errorCode, JobserverError } from '../errors.js';
import type { PoolRecord } from '../pool/record.js';
import { debuggerOptions } from '../process/disarm.js';
import { CLAIM_VARIABLE } from '../slots/slot-owner.js';

/** What the keeper is told, as JSON in its only argument. */
export interface KeeperOrder {
  /** The state folder. */
  root: string;
  key: string;
  /** The pool's record, with the place of the keeper that this one comes after. */
  record: PoolRecord;
  /** Whether the pool is new, so that nobody can hold a token yet. */
  fresh: boolean;
}

/** What the keeper answers: that it keeps the pool; that another one does already. */
export const READY = 'ready';
export const LATE = 'late';

/**
 * Starts the background process and waits for its word.
 * @returns whether it keeps the pool now; false where another one does, or where it was killed before it could
 * @throws JobserverError 'failed' with the keeper's reason
 */
export async function startKeeper(order: KeeperOrder): Promise<boolean> {
  const file = `${order.root}/${order.key}/keeper.log`;
  const log = attempt('write', file, () => openSync(file, 'a', 0o600));
  // What a person sets for their own Node programs (an inspector's port, certificates to load) is not for this one. And it is
  // no part of the job that it is started from, whose claim would live as long.
  const { NODE_OPTIONS: _options, NODE_EXTRA_CA_CERTS: _certificates, [CLAIM_VARIABLE]: _claim, ...env } = process.env;
  const child = attempt('start the keeper', process.execPath, () =>
    spawn(process.execPath, [...debuggerOptions(), join(__dirname, '../keeper/keeper.js'), JSON.stringify(order)], {
      cwd: '/',
      // A session of its own: no terminal's signal reaches it.
      detached: true,
      env,
      stdio: ['ignore', 'pipe', log],
    }),
  );
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
    if (words !== READY) throw new JobserverError('failed', `cannot start the keeper: ${words || 'it ended at once'}`);
    child.unref();
    return true;
  } catch (error) {
    throw errorCode(error) === undefined ? error : cannot('start the keeper', process.execPath, error);
  }
}
