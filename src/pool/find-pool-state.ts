import { type BigIntStats, existsSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import type { Env } from '../environment.js';
import { userId } from '../process/user.js';
import { tryExactStat } from '../try-stat.js';
import { isOwnFifo } from './fifo-name.js';
import { identify } from './identity.js';
import { nobodyKeeps, unreachable } from './pool-errors.js';
import { checkRoot, ensureForeignRoot, ensureStateRoot } from './state-folder.js';
import { followPointer } from './state-pointer.js';

/** Where the state of a pool lies. */
export interface StatePlace {
  /** The state folder. */
  root: string;
  /** The user whose folder it is, if that is another one; root acts as that user there. */
  user: number | undefined;
}

/** What readlink(2) says behind the path of a descriptor whose file is gone. */
const DELETED = / \(deleted\)$/;

/**
 * Finds the state folder of a pool. It depends on the pool alone, because all that use it must see each other's claims, even if one
 * was started by cron and another in a terminal. For a pool of somebody else's it depends on the user alone.
 * @param stat what stat(2) says of the FIFO, pipe or device
 * @param link what readlink(2) says of a descriptor of it, or the path of the FIFO
 * @throws JobserverError 'failed' if it is a pool of ours whose state cannot be reached, or the folder is refused; 'no-pool' if
 * it is one of ours that has ended
 */
export function findPoolState(stat: BigIntStats, link: string | undefined, env: Env): StatePlace {
  const owner = Number(stat.uid);
  const self = userId();
  // Root acts as the user whose pool it is. Any other user has state of their own in it.
  const user = self === 0 ? owner : self;
  const root = user === owner && stat.isFIFO() && link?.startsWith('/') ? findOwnRoot(stat, link) : undefined;
  return { root: root ?? ensureForeignRoot(env, user), user: user === self ? undefined : user };
}

/** Returns the folder of the pool's state; undefined if the FIFO at a path has none, or none is there. */
export function findFolder(path: string, env: Env): string | undefined {
  const stat = tryExactStat(path);
  return stat && `${findPoolState(stat, path, env).root}/${identify(stat)}`;
}

/** Returns the state folder that caches what tools say of themselves: the pool's, but root leaves nothing in a user's. */
export const cacheRoot = ({ folder, user }: { folder: string; user: number | undefined }, env: Env): string =>
  user === undefined ? dirname(folder) : ensureStateRoot(env);

/** Returns undefined if js-create did not make it. */
function findOwnRoot(stat: BigIntStats, link: string): string | undefined {
  const isGone = DELETED.test(link) && !existsSync(link);
  const path = isGone ? link.replace(DELETED, '') : link;
  const key = identify(stat);
  const owner = Number(stat.uid);
  const root = isOwnFifo(basename(path)) ? dirname(path) : followPointer(path, key, owner);
  if (root === undefined) return undefined;
  // When the pool ends, both are removed, the FIFO first.
  if (!existsSync(`${root}/${key}/pool.json`)) throw isGone ? nobodyKeeps(path) : unreachable(path, root);
  checkRoot(root, owner);
  return root;
}
