import type { Env } from '../environment.js';
import { JobserverError } from '../errors.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import type { MakeFlags } from '../protocol/makeflags.js';
import { findPair, type PairLookup } from './find-pair-of-client.js';
import { openPool, type Pool, type PoolAddress } from './pool.js';

/** Where a command looks for its pool. */
export interface Lookup extends PairLookup {
  /** Its MAKEFLAGS, parsed. */
  flags: MakeFlags;
  /** --fifo PATH, which beats the environment. */
  fifo: string | undefined;
  /** Whether a pool that nobody keeps open will do, too. */
  allowAbandoned?: boolean;
}

/**
 * Finds and opens the pool: --fifo, else the last auth in MAKEFLAGS, CARGO_MAKEFLAGS, MFLAGS.
 * @returns undefined if none is advertised
 * @throws JobserverError 'no-pool' if one is advertised and cannot be joined
 */
export function findPool(lookup: Lookup): Pool | undefined {
  const { env, flags, fifo, allowAbandoned } = lookup;
  if (fifo !== undefined) return openPool({ kind: 'fifo', path: fifo }, env, { allowAbandoned });
  const advertised = findAdvertised((name) => env[name], flags);
  if (advertised === undefined) return undefined;
  return openPool(findAddress(advertised, lookup), env, { jobs: advertised.jobs, allowAbandoned });
}

function findAddress(advertised: Advertised, lookup: Lookup): PoolAddress {
  const { auth, text, closed, variable, path } = advertised;
  if (auth.kind === 'fifo') return auth;
  const cannotJoin = (why: string) =>
    new JobserverError('no-pool', `cannot join the pool '${text}' from ${variable}: ${why}`);
  if (auth.kind === 'invalid') throw cannotJoin('it is neither fifo:PATH nor R,W');
  const pair = closed ?? auth;
  const address = pair.kind === 'pair' ? findPair(pair, text, lookup) : undefined;
  if (address !== undefined) return address;
  // It may be of a pool further out than the pair. But if the pair is closed, no job of that pool can be seen from here.
  if (path !== undefined) return { kind: 'fifo', path };
  throw cannotJoin(`the descriptors are closed; ${howToOpen(lookup.env)}`);
}

/** Returns what a person can do if a pair is closed: below a make, it is make that has closed it. */
export const howToOpen = (env: Env): string =>
  env.MAKELEVEL === undefined ? 'start what needs them with js-run' : "put '+' before the recipe line, or use make 4.4";

/**
 * Returns the pool, open.
 * @throws JobserverError 'no-pool' also if none is advertised
 */
export function requirePool(lookup: Lookup): Pool {
  const pool = findPool(lookup);
  if (pool !== undefined) return pool;
  throw new JobserverError('no-pool', 'no pool: MAKEFLAGS advertises none; make one with eval "$(js-create)"');
}
