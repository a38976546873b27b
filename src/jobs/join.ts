import { FIFO_VARIABLE } from '../pool/find-pool.js';
import type { Pool } from '../pool/pool.js';
import { STATE_VARIABLE } from '../pool/state-folder.js';
import { countProcessors } from '../process/parallelism.js';
import { formatAuth } from '../protocol/auth.js';
import { mergeMakeFlags } from '../protocol/makeflags.js';
import { OVERRIDING } from '../tools/table.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Changes to an environment; undefined removes the variable. */
export type Changes = Readonly<Record<string, string | undefined>>;

/** What a pool is advertised as to one program. */
export type Advert =
  | { kind: 'fifo'; path: string }
  /** `old` for make before 4.2. */
  | { kind: 'pair'; read: number; write: number; old?: boolean };

/** @returns the path under which a pool can be opened, or undefined where it is a pipe without a name */
export function fifoOf(pool: Pool): string | undefined {
  return pool.record?.path ?? (pool.way.kind === 'fifo' ? pool.way.path : undefined);
}

/** @returns what makes an environment one that joins the pool */
export function joinEnvironment(
  pool: Pool,
  advert: Advert,
  { env, root, keep }: { env: Env; root: string; keep: readonly string[] },
): Changes {
  const auth = formatAuth(advert);
  const jobs = pool.jobs ?? countProcessors(env).count;
  const pair = advert.kind === 'pair';
  const fifo = fifoOf(pool);
  return {
    ...withoutOverrides(env, keep),
    MAKEFLAGS: mergeMakeFlags(env.MAKEFLAGS ?? '', { jobs, auth, old: pair && advert.old === true }),
    // cargo believes the first of them that is set (PROTOCOL 8).
    CARGO_MAKEFLAGS: undefined,
    MFLAGS: undefined,
    [STATE_VARIABLE]: root,
    [FIFO_VARIABLE]: pair && fifo !== undefined ? `${auth}=${fifo}` : undefined,
  };
}

/** @returns what hides any pool from an environment */
export function leaveEnvironment(env: Env): Changes {
  const flags = mergeMakeFlags(env.MAKEFLAGS ?? '');
  return { MAKEFLAGS: flags || undefined, CARGO_MAKEFLAGS: undefined, MFLAGS: undefined, [FIFO_VARIABLE]: undefined };
}

/** @returns what takes out of an environment whatever makes a tool use a number of its own instead of the pool */
export function withoutOverrides(env: Env, keep: readonly string[]): Changes {
  const changes: Record<string, string | undefined> = {};
  for (const name of OVERRIDING) {
    const value = env[name];
    if (value === undefined || keep.includes(name)) continue;
    // Of variables that hold options only those of the jobs go.
    const rest = HOLDS_OPTIONS.test(name) ? mergeMakeFlags(value).trim() : '';
    if (rest !== value.trim()) changes[name] = rest || emptied(name);
  }
  return changes;
}

/** ctest from 3.29 on runs its tests one by one where this one is not there at all, also in a pool. */
const emptied = (name: string): string | undefined => (name === 'CTEST_PARALLEL_LEVEL' ? '' : undefined);

const HOLDS_OPTIONS = /(FLAGS|OPTS)$/;
