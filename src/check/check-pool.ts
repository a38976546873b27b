import type { Env } from '../environment.js';
import { isJobserverError } from '../errors.js';
import { listOverriding } from '../jobs/job-count-variables.js';
import { findPool, howToOpen, type Lookup } from '../pool/find-pool.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import { identifyPath } from '../pool/identity.js';
import { describePool, isOpenAs, type Pool } from '../pool/pool.js';
import { pidOf } from '../process/process-table.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import { askStyles } from '../tools/ask-version.js';
import { MAKE, type Style } from '../tools/table.js';
import { checkTools, type ToolReport } from './check-tools.js';

/** What js-env --check prints. */
export interface PoolReport {
  pool: string;
  /** Where it was found: `--fifo`, or the variable. */
  source: string;
  /** How it is advertised: `fifo`, `pair` or `old-pair`, the one that a make reads first; none if nothing advertises it. */
  styles: Style[];
  jobs: number | null;
  /** The pid of the keeper of a pool of ours. */
  keeper: number | null;
  /** Why programs that are started from the calling shell cannot reach it although they understand it. */
  unreachable: string | null;
  tools: ToolReport[];
  /** Variables that are set and override the pool. */
  overriding: string[];
}

/** Finds out which pool this is, and which tools on PATH join it. */
export async function checkPool(pool: Pool, lookup: Lookup): Promise<PoolReport> {
  const { env, flags, fifo } = lookup;
  const advertised = findAdvertised((name) => env[name], flags);
  const styles = advertised === undefined ? [] : stylesOf(advertised);
  const reachable = advertised === undefined ? [] : findReachable(pool, advertised);
  const isClosed = styles.some((style) => style !== 'fifo' && !reachable.includes(style));
  return {
    pool: describePool(pool),
    source: fifo === undefined ? (advertised?.variable ?? '') : '--fifo',
    styles,
    jobs: pool.jobs ?? null,
    keeper: pool.record === undefined ? null : pidOf(pool.record.keeper),
    unreachable: findFault(pool, advertised, reachable, lookup),
    tools: await checkTools(reachable, isClosed, env, cacheRoot(pool, env)),
    overriding: listOverriding(env),
  };
}

function stylesOf({ auth, old, path }: Advertised): Style[] {
  const first: Style = auth.kind === 'fifo' ? 'fifo' : old ? 'old-pair' : 'pair';
  return path === undefined || first === 'fifo' ? [first] : [first, 'fifo'];
}

/** Finds the styles by which programs that are started here reach the pool: one above may have closed the pair. */
function findReachable(pool: Pool, advertised: Advertised): Style[] {
  const { auth, path } = advertised;
  // Any other command here would be started with the same descriptors.
  const isOpen = auth.kind === 'pair' && [auth.read, auth.write].every((fd) => isOpenAs(pool, 'self', fd));
  const isThere = (to: string) => identifyPath(to) === pool.key;
  return stylesOf(advertised).filter((style) => {
    if (style !== 'fifo') return isOpen;
    return isThere(auth.kind === 'fifo' ? auth.path : (path ?? ''));
  });
}

/**
 * Finds out which tools on PATH would join a pool that js-create makes, and what would override it.
 * @param root the state folder
 */
export async function checkWithoutPool(env: Env, root: string): Promise<Pick<PoolReport, 'tools' | 'overriding'>> {
  const make = await askStyles(MAKE, 'make', env, root);
  // As js-create advertises it: also by a pair if make needs one.
  const styles: Style[] = make.includes('fifo') ? ['fifo'] : [...make, 'fifo'];
  return { tools: await checkTools(styles, false, env, root), overriding: listOverriding(env) };
}

/** Returns whether all programs that are started here stay within the pool. */
export const isFine = ({ unreachable, tools, overriding }: PoolReport): boolean =>
  unreachable === null && overriding.length === 0 && tools.every(({ joins }) => joins);

function findFault(
  pool: Pool,
  advertised: Advertised | undefined,
  reachable: readonly Style[],
  lookup: Lookup,
): string | null {
  if (advertised === undefined) return 'MAKEFLAGS does not advertise this pool: run eval "$(js-env --fifo PATH)"';
  if (lookup.fifo !== undefined && findKey(lookup) !== pool.key) {
    return `${advertised.variable} advertises a different pool: run eval "$(js-env --fifo PATH)"`;
  }
  return reachable.length > 0 ? null : `the descriptors are closed here: ${howToOpen(lookup.env)}`;
}

/** Finds the key of the pool that the environment advertises; undefined if there is none that can be joined. */
function findKey(lookup: Lookup): string | undefined {
  try {
    return findPool({ ...lookup, fifo: undefined })?.key;
  } catch (error) {
    if (isJobserverError(error)) return undefined;
    throw error;
  }
}
