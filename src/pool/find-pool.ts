import { JobserverError } from '../errors.js';
import { findMakesAbove } from '../process/makes-above.js';
import { descriptorStat } from '../process/process-table.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import { identify } from './identity.js';
import { openPool, type Pool, type Way } from './pool.js';
import { ensureStateRoot } from './state-folder.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Where to look for the pool. */
export interface Lookup {
  env: Env;
  /** The parent's pid. */
  parent: number;
  /** --fifo PATH, which beats the environment. */
  fifo: string | undefined;
}

/**
 * Finds and opens the pool: --fifo, else the last auth in MAKEFLAGS, CARGO_MAKEFLAGS, MFLAGS.
 * @returns undefined where nothing is said of a pool
 * @throws JobserverError 'no-pool' where there should be one and it cannot be joined
 */
export function findPool({ env, parent, fifo }: Lookup): Pool | undefined {
  if (fifo !== undefined) return openPool({ kind: 'fifo', path: fifo }, ensureStateRoot(env));
  const advertised = findAdvertised(env);
  if (advertised === undefined) return undefined;
  const way = findWay(advertised, parent);
  return openPool(way, ensureStateRoot(env), advertised.jobs);
}

function findWay({ auth, text, closed, variable }: Advertised, parent: number): Way {
  if (auth.kind === 'fifo') return auth;
  if (auth.kind === 'invalid') {
    throw new JobserverError('no-pool', `cannot join the pool '${text}' of ${variable}: neither fifo:PATH nor R,W`);
  }
  const pair = auth.kind === 'pair' ? auth : closed;
  const way = pair?.kind === 'pair' ? (findPairAbove(pair, text) ?? findInheritedPair(pair, parent)) : undefined;
  if (way === undefined) {
    throw new JobserverError(
      'no-pool',
      `cannot join the pool '${text}' of ${variable}: the descriptors are closed; put '+' before the recipe line, or use make 4.4`,
    );
  }
  return way;
}

interface Pair {
  read: number;
  write: number;
}

/**
 * make's own pair, as make has it open. It is the surest, for in this process other pipes may sit at those numbers
 * (Node's own do), and it is there also for a recipe line without `+`.
 */
function findPairAbove(pair: Pair, text: string): Way | undefined {
  for (const { make, env } of findMakesAbove()) {
    const told = findAdvertised(env);
    if (told?.text === text && isPipe(pair, make.pid)) return { kind: 'pair', ...pair, holder: make.pid };
  }
  return undefined;
}

/** The pair as this process got it from its parent. That it is the parent's too tells it from pipes of Node's own. */
function findInheritedPair(pair: Pair, parent: number): Way | undefined {
  const own = isPipe(pair, process.pid);
  return own !== undefined && own === isPipe(pair, parent) ? { kind: 'pair', ...pair, holder: process.pid } : undefined;
}

/** @returns the identity of the pipe, where both descriptors of that process are of one pipe. */
function isPipe({ read, write }: Pair, pid: number): string | undefined {
  const [one, other] = [descriptorStat(pid, read), descriptorStat(pid, write)];
  if (!one?.isFIFO() || !other?.isFIFO()) return undefined;
  const key = identify(one);
  return key === identify(other) ? key : undefined;
}

/**
 * @returns the pool, open
 * @throws JobserverError 'no-pool' also where nothing is said of a pool
 */
export function requirePool(lookup: Lookup): Pool {
  const pool = findPool(lookup);
  if (pool !== undefined) return pool;
  throw new JobserverError('no-pool', 'no pool: MAKEFLAGS advertises none; make one with eval "$(js-create)"');
}
