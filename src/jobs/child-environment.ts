import type { Env, EnvChanges } from '../environment.js';
import { FIFO_VARIABLE } from '../pool/find-pool.js';
import type { Pool } from '../pool/pool.js';
import { countProcessors } from '../process/count-processors.js';
import { formatAuth } from '../protocol/auth.js';
import { mergeMakeFlags } from '../protocol/makeflags.js';
import type { JoinOptions } from './join-options.js';

/** Carries an explicit --auth to the commands below, which would choose anew. */
export const AUTH_VARIABLE = 'JOBSERVER_TOOLS_AUTH';

/** The path for pytest-jobserver, which stops at the pair in MAKEFLAGS if pytest-xdist is there too. */
const PYTEST_VARIABLE = 'PYTEST_JOBSERVER';

/** What a pool is advertised as to one program. */
export type Advert =
  | { kind: 'fifo'; path: string }
  /** `old` for make before 4.2; `path` for those that take the last auth. */
  | { kind: 'pair'; read: number; write: number; old?: boolean; path?: string | undefined };

/** The numbers of a pair that nobody has: a make runs one job at a time then (PROTOCOL 6). */
export const CLOSED_PAIR = { read: -2, write: -2 } as const;

/** Returns the path under which a pool can be opened, or undefined if it is a pipe without a name. */
export function fifoOf(pool: Pool): string | undefined {
  return pool.record?.path ?? (pool.address.kind === 'fifo' ? pool.address.path : undefined);
}

/**
 * @param other a process and its descriptor of the pool, for a pipe of which no client above is known
 * @returns a path under which programs can open the pool: a pipe has the one that it has as a client's (PROTOCOL 32)
 */
export function pathOf(pool: Pool, other: { pid: number; fd: number }): string {
  const { address } = pool;
  const client =
    address.kind === 'pair' && address.client !== undefined ? { pid: address.client, fd: address.read } : other;
  return fifoOf(pool) ?? `/proc/${client.pid}/fd/${client.fd}`;
}

/** Returns what makes an environment one that joins the pool. */
export function joinEnvironment(
  pool: Pool,
  advert: Advert,
  { env, auth: choice }: { env: Env } & Pick<JoinOptions, 'auth'>,
): EnvChanges {
  const auth = formatAuth(advert);
  const jobs = pool.jobs ?? countProcessors(env).count;
  const pair = advert.kind === 'pair' ? advert : undefined;
  const tailAuth = pair?.path === undefined ? undefined : formatAuth({ kind: 'fifo', path: pair.path });
  const fifo = fifoOf(pool);
  return {
    MAKEFLAGS: mergeMakeFlags(env.MAKEFLAGS ?? '', { jobs, auth, old: pair?.old === true, tailAuth }),
    // cargo believes the first of them that is set (PROTOCOL 8).
    CARGO_MAKEFLAGS: undefined,
    MFLAGS: undefined,
    [FIFO_VARIABLE]: pair !== undefined && pair.read >= 0 && fifo !== undefined ? `${auth}=${fifo}` : undefined,
    [PYTEST_VARIABLE]: advert.path,
    // Only an explicit choice is handed down, and `auto` takes one back.
    ...(choice && { [AUTH_VARIABLE]: choice === 'auto' ? undefined : choice }),
  };
}

/** Returns what hides any pool from an environment. */
export function leaveEnvironment(env: Env): EnvChanges {
  const flags = mergeMakeFlags(env.MAKEFLAGS ?? '');
  return {
    MAKEFLAGS: flags || undefined,
    CARGO_MAKEFLAGS: undefined,
    MFLAGS: undefined,
    [FIFO_VARIABLE]: undefined,
    [AUTH_VARIABLE]: undefined,
    [PYTEST_VARIABLE]: undefined,
  };
}
