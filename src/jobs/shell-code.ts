import type { JoinWish } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { isOpenAs, type Pool } from '../pool/pool.js';
import { chooseFreeNumbers } from '../process/descriptors.js';
import { listDescriptors, type ProcessId, pidOf } from '../process/process-table.js';
import { listMangled } from '../process/utf8.js';
import { formatOpenPair, formatSh } from '../shell/sh.js';
import { pathWithShims } from '../tools/shims.js';
import { chooseStyle } from './advertise.js';
import { type Advert, type Changes, fifoOf, joinEnvironment } from './join.js';

type Env = Readonly<Record<string, string | undefined>>;

/** dash opens descriptors of one digit only, and scripts like to use the low ones. */
const SHELL_DESCRIPTORS = [9, 8, 7, 6, 5, 4, 3];

/**
 * Writes the shell code that joins a pool. For a make that cannot open a FIFO by itself it is opened in the shell, which
 * hands the pair down to what is typed there.
 * @param shell the shell that will run the code
 * @param root the state folder
 */
export async function formatJoin(
  pool: Pool,
  { choice, keep, shims }: JoinWish,
  shell: ProcessId | undefined,
  env: Env,
  root: string,
): Promise<string> {
  const { way } = pool;
  const path = shims ? { PATH: await pathWithShims(env, root) } : {};
  const style = await chooseStyle(pool, choice, '', { ...env, ...path }, root);
  const join = (advert: Advert) =>
    formatChanges({ ...path, ...joinEnvironment(pool, advert, { env, root, keep }) }, env);
  const fifo = fifoOf(pool);
  if (fifo !== undefined && (style === 'fifo' || shell === undefined)) return join({ kind: 'fifo', path: fifo });
  const old = style === 'old-pair';
  if (way.kind === 'pair' && (shell === undefined || isOpenIn(shell, way, pool))) return join({ ...way, old });
  const [read, write] = chooseFreeNumbers(shell ? listDescriptors(pidOf(shell)) : [], SHELL_DESCRIPTORS);
  if (read === undefined || write === undefined) {
    throw new JobserverError(
      'failed',
      'cannot open the pool in the shell: its descriptors 3 to 9 are in use; close two, or use --auth fifo',
    );
  }
  const source = (fd: 'read' | 'write') => fifo ?? (way.kind === 'pair' ? `/proc/${way.holder}/fd/${way[fd]}` : '');
  return (
    formatOpenPair({ fd: read, path: source('read') }, { fd: write, path: source('write') }) +
    join({ kind: 'pair', read, write, old })
  );
}

/**
 * @returns shell code that changes the environment so
 * @throws JobserverError 'failed' where a variable would come back with other bytes than it has
 */
export function formatChanges(changes: Changes, env: Env): string {
  const lost = listMangled(env).find((name) => changes[name] !== undefined);
  if (lost !== undefined) throw new JobserverError('failed', `cannot write ${lost} as shell code: it is not UTF-8`);
  return formatSh(changes);
}

/** @returns whether the shell has the pool's pair open itself, so that it only has to speak of it */
const isOpenIn = (shell: ProcessId, { read, write }: { read: number; write: number }, pool: Pool): boolean =>
  [read, write].every((fd) => isOpenAs(pool, pidOf(shell), fd));
