import type { Env } from '../environment.js';
import { JobserverError } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { describePool, type Pool } from '../pool/pool.js';
import { askStyles } from '../tools/ask-version.js';
import { hasShim } from '../tools/shim-folder.js';
import { findTool, MAKE, type Style } from '../tools/table.js';
import { AUTH_VARIABLE, fifoOf } from './child-environment.js';
import type { AuthChoice } from './join-options.js';

/** How a pool is advertised. */
export type Plan =
  | { kind: 'fifo' }
  /**
   * A pair for a make below 4.4, to which a path is fatal, `old` in the spelling of make before 4.2. With `path` all other
   * programs find the path behind it. A pair that is not to be `open` keeps such a make at one job.
   */
  | { kind: 'pair'; old: boolean; open: boolean; path: boolean };

/**
 * Chooses how a pool is advertised to `command`, so that it, the make that it may call, and what is below a program that closes
 * descriptors all join.
 * @param command the program's name or path; empty for whatever a shell will run
 * @throws JobserverError 'usage' if a FIFO path is asked for and the pool has none
 */
export async function planAdvert(pool: Pool, choice: AuthChoice | undefined, command: string, env: Env): Promise<Plan> {
  const root = cacheRoot(pool, env);
  const named = fifoOf(pool) !== undefined;
  if (choice === 'fifo' && !named) {
    throw new JobserverError('usage', `--auth fifo: the pool '${describePool(pool)}' is a pipe and has no path`);
  }
  const front = findTool(command);
  const wanted = choice ?? env[AUTH_VARIABLE];
  // What somebody above asked for is no reason to make a pool fail that has no path, or a make that cannot open one.
  const understandsPath = async () =>
    front === undefined || (await askStyles(front, command, env, root)).includes('fifo');
  if (choice === 'fifo' || (wanted === 'fifo' && named && (await understandsPath()))) return { kind: 'fifo' };
  const make = await askStyles(MAKE, front === MAKE ? command : 'make', env, root);
  const old = make.includes('old-pair');
  if (wanted === 'pipe') return { kind: 'pair', old, open: true, path: false };
  if (named && make.includes('fifo') && (await understandsPath())) return { kind: 'fifo' };
  // A make that is called through its wrapper gets a pair there, and nothing else has to keep one open.
  const bridged = front !== MAKE && !make.includes('fifo') && hasShim('make', env.PATH);
  return { kind: 'pair', old, open: !bridged, path: true };
}

/** Returns the styles in which a plan speaks of the pool to a program that closes no descriptors. */
export function offeredBy(plan: Plan): readonly Style[] {
  if (plan.kind === 'fifo') return ['fifo'];
  const pair: Style[] = plan.open ? [plan.old ? 'old-pair' : 'pair'] : [];
  return plan.path ? [...pair, 'fifo'] : pair;
}
