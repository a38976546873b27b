import type { Env } from '../environment.js';
import { JobserverError } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { describePool, type Pool } from '../pool/pool.js';
import { askStyles } from '../tools/ask-version.js';
import { hasShim } from '../tools/shim-folder.js';
import { MAKE, type Style, type Tool } from '../tools/table.js';
import { AUTH_VARIABLE, fifoOf } from './child-environment.js';
import type { AuthChoice } from './join-options.js';

/** The style in which a pool is advertised. */
export type ChosenStyle =
  | { kind: 'fifo' }
  /**
   * A pair is for a make below 4.4, to which a path is fatal; `old` is the spelling for make before 4.2. With `path` all other
   * programs find the path behind it. A pair that is not `open` limits such a make to one job.
   */
  | { kind: 'pair'; old: boolean; open: boolean; path: boolean };

/**
 * Chooses how a pool is advertised to a command, so that it, the make that it may call, and what is below a program that closes
 * descriptors all join.
 * @param choice --auth; undefined if it was not given
 * @param invoked the tool that the command runs; undefined for whatever a shell will run
 * @throws JobserverError 'usage' if a FIFO path is asked for and the pool has none
 */
export async function chooseStyle(
  pool: Pool,
  choice: AuthChoice | undefined,
  env: Env,
  invoked?: { tool: Tool; styles: readonly Style[] },
): Promise<ChosenStyle> {
  const named = fifoOf(pool) !== undefined;
  if (choice === 'fifo' && !named) {
    throw new JobserverError(
      'usage',
      `--auth fifo: the pool '${describePool(pool)}' is a pipe without a path; use --auth pipe`,
    );
  }
  const wanted = choice ?? env[AUTH_VARIABLE];
  const takesPath = invoked === undefined || invoked.styles.includes('fifo');
  // A choice of somebody above must not break a pool that has no path, or a make that cannot open one.
  if (choice === 'fifo' || (wanted === 'fifo' && named && takesPath)) return { kind: 'fifo' };
  const isMake = invoked?.tool === MAKE;
  const make = isMake ? invoked.styles : await askStyles(MAKE, 'make', env, cacheRoot(pool, env));
  const old = make.includes('old-pair');
  if (wanted === 'pipe') return { kind: 'pair', old, open: true, path: false };
  if (named && make.includes('fifo') && takesPath) return { kind: 'fifo' };
  // A make that is called through its wrapper gets a pair there, so nothing else has to keep one open.
  const bridged = !isMake && !make.includes('fifo') && hasShim('make', env.PATH);
  return { kind: 'pair', old, open: !bridged, path: true };
}

/** Lists the styles that a program sees that has inherited all descriptors. */
export function listOffered(chosen: ChosenStyle): readonly Style[] {
  if (chosen.kind === 'fifo') return ['fifo'];
  const pair: Style[] = chosen.open ? [chosen.old ? 'old-pair' : 'pair'] : [];
  return chosen.path ? [...pair, 'fifo'] : pair;
}
