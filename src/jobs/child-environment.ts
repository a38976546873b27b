import type { Env, EnvChanges } from '../environment.js';
import { FIFO_VARIABLE } from '../pool/find-pair-of-client.js';
import type { Pool } from '../pool/pool.js';
import { countProcessors } from '../process/count-processors.js';
import { formatAuth } from '../protocol/auth.js';
import { type MakeFlags, mergeMakeFlags } from '../protocol/makeflags.js';
import type { JoinOptions } from './join-options.js';

/** Passes an explicit --auth on to the commands below, which would choose anew. */
export const AUTH_VARIABLE = 'JOBSERVER_TOOLS_AUTH';

/** The path for pytest-jobserver, which stops at the pair in MAKEFLAGS if pytest-xdist is there too. */
const PYTEST_VARIABLE = 'PYTEST_JOBSERVER';

/** An environment, and its MAKEFLAGS, parsed. */
export interface ParsedEnv {
  env: Env;
  flags: MakeFlags;
}

/** How a pool is advertised to one program. */
export type Advert =
  | { kind: 'fifo'; path: string }
  /** `old` is for make before 4.2, `path` for the programs that take the last auth. */
  | { kind: 'pair'; read: number; write: number; old?: boolean; path?: string | undefined };

/** The numbers of a pair that is not open: a make runs one job at a time then (PROTOCOL 6). */
export const CLOSED_PAIR = { read: -2, write: -2 } as const;

/** Returns the path of a pool's FIFO; undefined if it is a pipe. */
export function fifoOf(pool: Pool): string | undefined {
  return pool.record?.path ?? (pool.address.kind === 'fifo' ? pool.address.path : undefined);
}

/**
 * Finds a path by which programs can open the pool, which for a pipe is that of a descriptor of a client (PROTOCOL 32).
 * @param other a process and its descriptor of the pool, in case no client above is known
 */
export function pathOf(pool: Pool, other: { pid: number; fd: number }): string {
  const { address } = pool;
  const client =
    address.kind === 'pair' && address.client !== undefined ? { pid: address.client, fd: address.read } : other;
  return fifoOf(pool) ?? `/proc/${client.pid}/fd/${client.fd}`;
}

/**
 * Makes the changes by which an environment joins a pool: MAKEFLAGS advertises it, and CARGO_MAKEFLAGS and MFLAGS go.
 * @param choice --auth; undefined if it was not given
 */
export function joinEnvironment(
  pool: Pool,
  advert: Advert,
  { env, flags }: ParsedEnv,
  choice: JoinOptions['auth'],
): EnvChanges {
  const auth = formatAuth(advert);
  const jobs = pool.jobs ?? countProcessors(env).count;
  const pair = advert.kind === 'pair' ? advert : undefined;
  const tailAuth = pair?.path === undefined ? undefined : formatAuth({ kind: 'fifo', path: pair.path });
  const fifo = fifoOf(pool);
  return {
    MAKEFLAGS: mergeMakeFlags(flags, { jobs, auth, old: pair?.old === true, tailAuth }),
    // cargo takes the first of them that is set (PROTOCOL 8).
    CARGO_MAKEFLAGS: undefined,
    MFLAGS: undefined,
    [FIFO_VARIABLE]: pair !== undefined && pair.read >= 0 && fifo !== undefined ? `${auth}=${fifo}` : undefined,
    [PYTEST_VARIABLE]: advert.path,
    // Only an explicit choice is passed on, and `auto` cancels one.
    ...(choice && { [AUTH_VARIABLE]: choice === 'auto' ? undefined : choice }),
  };
}

/** Makes the changes that hide any pool from an environment. @param flags its MAKEFLAGS */
export function leaveEnvironment(flags: MakeFlags): EnvChanges {
  return {
    MAKEFLAGS: mergeMakeFlags(flags) || undefined,
    CARGO_MAKEFLAGS: undefined,
    MFLAGS: undefined,
    [FIFO_VARIABLE]: undefined,
    [AUTH_VARIABLE]: undefined,
    [PYTEST_VARIABLE]: undefined,
  };
}
