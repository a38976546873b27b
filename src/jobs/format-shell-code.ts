import type { Env, EnvChanges } from '../environment.js';
import { JobserverError } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { isOpenAs, type Pool } from '../pool/pool.js';
import { listMangled } from '../process/find-non-utf8.js';
import { chooseFreeNumbers } from '../process/own-descriptors.js';
import { isReadable, listDescriptors, readDescriptor } from '../process/process-descriptors.js';
import { type ProcessId, pidOf } from '../process/process-table.js';
import { formatOpenPair, formatSh } from '../shell/sh.js';
import { putShimsOnPath } from '../tools/put-shims-on-path.js';
import { type Advert, CLOSED_PAIR, fifoOf, joinEnvironment, type ParsedEnv, pathOf } from './child-environment.js';
import { chooseStyle, listOffered } from './choose-style.js';
import { limitJobVariables } from './job-count-variables.js';
import type { JoinOptions } from './join-options.js';

/** dash opens only descriptors of one digit. Scripts often use 3 and 4, and 9 for a lock, as in flock(1). */
const SHELL_DESCRIPTORS = [8, 7, 6, 5, 4, 3, 9];

/**
 * Writes the shell code that joins a pool. For a make that cannot open a FIFO by itself the code opens it in the shell, whose
 * commands inherit the pair.
 * @param shell the shell that will run the code
 */
export async function formatJoin(
  pool: Pool,
  options: JoinOptions,
  shell: ProcessId | undefined,
  { env, flags }: ParsedEnv,
): Promise<string> {
  const { address } = pool;
  const shims = options.shims ? putShimsOnPath(env) : {};
  const chosen = await chooseStyle(pool, options.auth, { ...env, ...shims });
  const numbers = await limitJobVariables(
    env,
    { keep: options.keep, slots: 1, isFrontEnd: false, offered: listOffered(chosen) },
    cacheRoot(pool, env),
  );
  const join = (advert: Advert) =>
    formatChanges({ ...shims, ...numbers, ...joinEnvironment(pool, advert, { env, flags }, options.auth) }, env);
  const fifo = fifoOf(pool);
  if (fifo !== undefined && (chosen.kind === 'fifo' || shell === undefined)) return join({ kind: 'fifo', path: fifo });
  const pid = shell === undefined ? process.ppid : pidOf(shell);
  const joinPair = (pair: { read: number; write: number }) => {
    const fd = address.kind === 'pair' ? address.read : pair.read;
    const path = chosen.kind === 'pair' && !chosen.path ? undefined : pathOf(pool, { pid, fd });
    return join({ kind: 'pair', ...pair, old: chosen.kind === 'pair' && chosen.old, path });
  };
  if (chosen.kind === 'pair' && !chosen.open) return joinPair(CLOSED_PAIR);
  if (address.kind === 'pair' && (shell === undefined || isOpenIn(shell, address, pool))) return joinPair(address);
  const [read, write] = chooseFreeNumbers(shell ? listUsed(pid) : [], SHELL_DESCRIPTORS);
  if (read === undefined || write === undefined) {
    const free = read === undefined ? 'none is free' : `only ${read} is free`;
    throw new JobserverError(
      'failed',
      `cannot open the pool in the shell: two descriptors from 3 to 9 must be free, but ${free}; close some, or use --auth fifo`,
    );
  }
  const source = (fd: 'read' | 'write') =>
    fifo ?? (address.kind === 'pair' ? `/proc/${address.holder}/fd/${address[fd]}` : '');
  return (
    formatOpenPair({ fd: read, path: source('read') }, { fd: write, path: source('write') }) + joinPair({ read, write })
  );
}

/**
 * Writes shell code that changes the environment.
 * @throws JobserverError 'failed' if a variable would come back with other bytes than it has
 */
export function formatChanges(changes: EnvChanges, env: Env): string {
  refuseMangled(changes, env);
  return formatSh(changes);
}

/** @throws JobserverError 'failed' if a variable would come back with other bytes than it has */
export function refuseMangled(changes: EnvChanges, env: Env): void {
  const lost = listMangled(env).find((name) => changes[name] !== undefined);
  if (lost !== undefined)
    throw new JobserverError('failed', `cannot print the variable ${lost}: its value is not valid UTF-8`);
}

/** Lists the descriptors that are in use when the shell runs the code: it has closed the pipe that it read the code from. */
function listUsed(shell: number): number[] {
  const pipe = readDescriptor('self', 1);
  return listDescriptors(shell).filter((fd) => !isReadable(shell, fd) || readDescriptor(shell, fd) !== pipe);
}

/** Returns whether the shell has the pool's pair open itself, so that the code only has to advertise it. */
const isOpenIn = (shell: ProcessId, { read, write }: { read: number; write: number }, pool: Pool): boolean =>
  [read, write].every((fd) => isOpenAs(pool, pidOf(shell), fd));
