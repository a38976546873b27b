import { closeSync, constants } from 'node:fs';
import type { AuthChoice } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { FIFO_VARIABLE } from '../pool/find-pool.js';
import { describePool, type Pool, reopen } from '../pool/pool.js';
import { STATE_VARIABLE } from '../pool/state-folder.js';
import { chooseFreeNumbers } from '../process/descriptors.js';
import { countProcessors } from '../process/parallelism.js';
import { formatAuth } from '../protocol/auth.js';
import { mergeMakeFlags } from '../protocol/makeflags.js';
import { findTool, MAKE } from '../tools/table.js';
import { askJoins } from '../tools/version.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Changes to an environment; undefined removes the variable. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** A pair R,W that is opened for one child: make 4.3 leaves O_NONBLOCK set on what it gets (PROTOCOL 15). */
export interface Pair {
  read: number;
  write: number;
  /** The child's numbers, and ours. */
  descriptors: ReadonlyMap<number, number>;
  close(): void;
}

/**
 * Chooses the auth that the tool in front of `command`, or else the make that it would run, understands.
 * @param root the state folder
 * @throws JobserverError 'usage' where a FIFO path is asked for and the pool has none
 */
export async function chooseAuth(
  pool: Pool,
  choice: AuthChoice,
  command: string,
  env: Env,
  root: string,
): Promise<'fifo' | 'pair'> {
  if (choice === 'pipe') return 'pair';
  if (fifoOf(pool) === undefined) {
    if (choice === 'auto') return 'pair';
    throw new JobserverError('usage', `--auth fifo: the pool '${describePool(pool)}' is a pipe and has no path`);
  }
  if (choice === 'fifo') return 'fifo';
  const front = findTool(command);
  if (front !== undefined && (await askJoins(front, command, env, root)) === 'fifo') return 'fifo';
  const make = front === MAKE ? command : 'make';
  return (await askJoins(MAKE, make, env, root)) === 'pair' ? 'pair' : 'fifo';
}

/** @returns the path under which a pool can be opened, or undefined where it is a pipe without a name */
export function fifoOf(pool: Pool): string | undefined {
  return pool.record?.path ?? (pool.way.kind === 'fifo' ? pool.way.path : undefined);
}

/**
 * Opens a pair for a child.
 * @param inherited the numbers that the child gets for something else
 */
export function openPair(pool: Pool, inherited: readonly number[]): Pair {
  const [free = 3, next = 4] = chooseFreeNumbers(inherited);
  const [read, write] = pool.way.kind === 'pair' ? [pool.way.read, pool.way.write] : [free, next];
  // The write end first: a blocking open of the read end returns only where there is a writer.
  const ourWrite = reopen(pool, constants.O_WRONLY);
  const ourRead = reopen(pool, constants.O_RDONLY);
  return {
    read,
    write,
    descriptors: new Map([
      [read, ourRead],
      [write, ourWrite],
    ]),
    close() {
      closeSync(ourRead);
      closeSync(ourWrite);
    },
  };
}

/** @returns what makes an environment one that joins the pool */
export function joinEnvironment(pool: Pool, env: Env, root: string, pair?: { read: number; write: number }): Changes {
  const auth = formatAuth(pair ? { kind: 'pair', ...pair } : { kind: 'fifo', path: fifoOf(pool) ?? '' });
  const jobs = pool.jobs ?? countProcessors(env).count;
  return {
    MAKEFLAGS: mergeMakeFlags(env.MAKEFLAGS ?? '', { jobs, auth }),
    // cargo believes the first of them that is set (PROTOCOL 8).
    CARGO_MAKEFLAGS: undefined,
    MFLAGS: undefined,
    [STATE_VARIABLE]: root,
    [FIFO_VARIABLE]: pair && fifoOf(pool) && `${auth}=${fifoOf(pool)}`,
  };
}

/** @returns what hides any pool from an environment */
export function leaveEnvironment(env: Env): Changes {
  const flags = mergeMakeFlags(env.MAKEFLAGS ?? '');
  return { MAKEFLAGS: flags || undefined, CARGO_MAKEFLAGS: undefined, MFLAGS: undefined, [FIFO_VARIABLE]: undefined };
}
