import type { Env } from '../environment.js';
import { walkUp } from '../process/ancestry.js';
import { descriptorStat, isReadable, isWritable } from '../process/process-descriptors.js';
import { findAdvertised } from '../protocol/advertised.js';
import { findFolder } from './find-pool-state.js';
import { identify, identifyPath } from './identity.js';
import type { PoolAddress } from './pool.js';
import { isClientOf } from './pool-folder.js';

/** Where to look for a pair. */
export interface PairLookup {
  env: Env;
  /** The parent's pid. */
  parent: number;
  /** Whether make's pipe may be reached through /proc if make has closed it to us. */
  adopt: boolean;
}

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
export function findPair(pair: Pair, text: string, { env, parent, adopt }: PairLookup): PoolAddress | undefined {
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

/** Returns the path of our pool that was advertised with the pair, if there is a FIFO. */
function findMarkedPath(text: string, env: Env): string | undefined {
  const mark = env[FIFO_VARIABLE];
  return mark?.startsWith(`${text}=/`) ? mark.slice(text.length + 1) : undefined;
}

/** Returns the identity of the pipe, if that process can read it by the one descriptor and write to it by the other. */
function pipeOf({ read, write }: Pair, pid: number): string | undefined {
  const [one, other] = [descriptorStat(pid, read), descriptorStat(pid, write)];
  if (!one?.isFIFO() || !other?.isFIFO()) return undefined;
  const key = identify(one);
  return key === identify(other) && isReadable(pid, read) && isWritable(pid, write) ? key : undefined;
}
