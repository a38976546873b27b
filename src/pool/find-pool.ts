import { JobserverError } from '../errors.js';
import { walkUp } from '../process/ancestry.js';
import { descriptorStat } from '../process/process-table.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import { tryExactStat } from '../try-stat.js';
import { isClientOf } from './folder.js';
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
  /** Whether make's pipe may be reached through /proc where make closed it to us. */
  adopt: boolean;
  /** Whether a pool that nobody keeps open is wanted too. */
  dead?: boolean;
}

/**
 * Finds and opens the pool: --fifo, else the last auth in MAKEFLAGS, CARGO_MAKEFLAGS, MFLAGS.
 * @returns undefined where nothing is said of a pool
 * @throws JobserverError 'no-pool' where there should be one and it cannot be joined
 */
export function findPool(lookup: Lookup): Pool | undefined {
  const { env, fifo, dead } = lookup;
  if (fifo !== undefined) return openPool({ kind: 'fifo', path: fifo }, ensureStateRoot(env), { dead });
  const advertised = findAdvertised((name) => env[name]);
  if (advertised === undefined) return undefined;
  const root = ensureStateRoot(env);
  return openPool(findWay(advertised, lookup, root), root, { jobs: advertised.jobs, dead });
}

function findWay({ auth, text, closed, variable }: Advertised, { env, parent, adopt }: Lookup, root: string): Way {
  if (auth.kind === 'fifo') return auth;
  if (auth.kind === 'invalid') {
    throw new JobserverError('no-pool', `cannot join the pool '${text}' of ${variable}: neither fifo:PATH nor R,W`);
  }
  const inherited = auth.kind === 'pair' ? findInheritedPair(auth, parent) : undefined;
  const pair = closed ?? auth;
  const way = inherited ?? (pair.kind === 'pair' ? findPairAbove(pair, text, env, root, adopt) : undefined);
  if (way !== undefined) return way;
  throw new JobserverError(
    'no-pool',
    `cannot join the pool '${text}' of ${variable}: the descriptors are closed; put '+' before the recipe line, or use make 4.4`,
  );
}

interface Pair {
  read: number;
  write: number;
}

/**
 * The pair as this process got it from its parent. That it is the parent's too tells it from pipes of Node's own, which may
 * sit at those numbers.
 */
function findInheritedPair(pair: Pair, parent: number): Way | undefined {
  const own = pipeOf(pair, process.pid);
  const theirs = pipeOf(pair, parent);
  return own !== undefined && own === theirs ? { kind: 'pair', ...pair, holder: process.pid } : undefined;
}

/** Set beside a pair of a pool of ours, as `R,W=PATH`: programs such as Python close what they inherit; a path stays. */
export const FIFO_VARIABLE = 'JOBSERVER_TOOLS_FIFO';

/**
 * The pair of whoever advertised it, where it is closed to this process: of the nearest make above, as make has it open,
 * which is there also for a recipe line without `+`; or the FIFO of a pool of ours, where that is nearer.
 */
function findPairAbove(pair: Pair, text: string, env: Env, root: string, adopt: boolean): Way | undefined {
  const mark = env[FIFO_VARIABLE];
  const path = mark?.startsWith(`${text}=/`) ? mark.slice(text.length + 1) : undefined;
  const stat = path === undefined ? undefined : tryExactStat(path);
  const ours: Way | undefined = path === undefined || stat === undefined ? undefined : { kind: 'fifo', path };
  for (const { entry, findMake } of walkUp()) {
    if (ours !== undefined && stat !== undefined && isClientOf(`${root}/${identify(stat)}`, entry.id)) return ours;
    const make = adopt ? findMake() : undefined;
    if (make === undefined || findAdvertised(make.variable)?.text !== text) continue;
    if (pipeOf(pair, make.pid) !== undefined) return { kind: 'pair', ...pair, holder: make.pid };
  }
  return ours;
}

/** @returns the identity of the pipe, where both descriptors of that process are of one pipe */
function pipeOf({ read, write }: Pair, pid: number): string | undefined {
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
