import type { Env } from '../environment.js';
import { JobserverError } from '../errors.js';
import { walkUp } from '../process/ancestry.js';
import { descriptorStat, isReadable, isWritable } from '../process/process-descriptors.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import type { MakeFlags } from '../protocol/makeflags.js';
import { findFolder } from './find-pool-state.js';
import { identify, identifyPath } from './identity.js';
import { openPool, type Pool, type PoolAddress } from './pool.js';
import { isClientOf } from './pool-folder.js';

/** Where a command looks for its pool. */
export interface Lookup {
  env: Env;
  /** Its MAKEFLAGS, parsed. */
  flags: MakeFlags;
  /** The parent's pid. */
  parent: number;
  /** --fifo PATH, which beats the environment. */
  fifo: string | undefined;
  /** Whether make's pipe may be reached through /proc if make has closed it to us. */
  adopt: boolean;
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

/** @returns what a person can do if a pair is closed: below a make, it is make that has closed it */
export const howToOpen = (env: Env): string =>
  env.MAKELEVEL === undefined ? 'start what needs them with js-run' : "put '+' before the recipe line, or use make 4.4";

interface Pair {
  read: number;
  write: number;
}

/** Set beside a pair of a pool of ours, as `R,W=PATH`: programs such as Python close what they inherit; a path stays. */
export const FIFO_VARIABLE = 'JOBSERVER_TOOLS_FIFO';

/**
 * Finds the pair of descriptors that the nearest client above us has under the advertised numbers: a make, which has it open even
 * for a recipe line without `+`, or one of our commands, whose pool has a path. The numbers alone prove nothing: here they may be
 * open for a log of the user's, or for a pipe of Node's own (PROTOCOL 37).
 */
function findPair(pair: Pair, text: string, { env, parent, adopt }: Lookup): PoolAddress | undefined {
  const inherited = pipeOf(pair, process.pid);
  const own: PoolAddress = { kind: 'pair', ...pair, holder: process.pid };
  const path = findMarkedPath(text, env);
  const key = path && identifyPath(path);
  const ours: PoolAddress | undefined = path === undefined || key === undefined ? undefined : { kind: 'fifo', path };
  const folder = path === undefined || key === undefined ? undefined : findFolder(path, env);
  const chooseOurs = () => (inherited === key ? own : ours);
  for (const { entry, findMake } of walkUp()) {
    if (folder !== undefined && isClientOf(folder, entry.id)) return chooseOurs();
    const make = findMake();
    if (make === undefined || findAdvertised(make.variable)?.text !== text) continue;
    const theirs = pipeOf(pair, make.pid);
    if (theirs === undefined) continue;
    if (theirs === inherited) return { ...own, client: make.pid };
    return adopt ? { kind: 'pair', ...pair, holder: make.pid, client: make.pid } : undefined;
  }
  if (ours !== undefined) return chooseOurs();
  // Of a client that leaves no mark, all that can be seen is that the pair is not Node's.
  return inherited !== undefined && inherited === pipeOf(pair, parent) ? own : undefined;
}

/** @returns the path of our pool that was advertised with the pair, if there is a FIFO */
function findMarkedPath(text: string, env: Env): string | undefined {
  const mark = env[FIFO_VARIABLE];
  return mark?.startsWith(`${text}=/`) ? mark.slice(text.length + 1) : undefined;
}

/** @returns the identity of the pipe, if that process can read it by the one descriptor and write to it by the other */
function pipeOf({ read, write }: Pair, pid: number): string | undefined {
  const [one, other] = [descriptorStat(pid, read), descriptorStat(pid, write)];
  if (!one?.isFIFO() || !other?.isFIFO()) return undefined;
  const key = identify(one);
  return key === identify(other) && isReadable(pid, read) && isWritable(pid, write) ? key : undefined;
}

/**
 * @returns the pool, open
 * @throws JobserverError 'no-pool' also if none is advertised
 */
export function requirePool(lookup: Lookup): Pool {
  const pool = findPool(lookup);
  if (pool !== undefined) return pool;
  throw new JobserverError('no-pool', 'no pool: MAKEFLAGS advertises none; make one with eval "$(js-create)"');
}
