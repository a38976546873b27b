import type { Env, EnvChanges } from '../environment.js';
import { JobserverError } from '../errors.js';
import { cacheRoot } from '../pool/find-pool-state.js';
import type { Pool } from '../pool/pool.js';
import { type ProcessId, pidOf } from '../process/process-table.js';
import { putShimsOnPath } from '../tools/put-shims-on-path.js';
import { type Advert, CLOSED_PAIR, joinEnvironment, type ParsedEnv, pathOf } from './child-environment.js';
import { chooseStyle } from './choose-style.js';
import { refuseMangled } from './format-shell-code.js';
import { limitJobVariables } from './job-count-variables.js';
import type { JoinOptions } from './join-options.js';

/** What --json prints about an environment. The manual pages promise that this shape stays. */
interface JsonJoin {
  /** A path under which the pool can be opened, as for --fifo; null without a pool. */
  path: string | null;
  /** N; null if it is not known. */
  jobs: number | null;
  /** The variables to set. */
  set: Record<string, string>;
  /** Those to unset. */
  unset: string[];
}

/**
 * Writes the changes that join a pool, for a program that makes them in its own environment. They advertise no descriptors, which
 * that program would have to open and pass on, but a path, beside a closed pair for a make that cannot open a path.
 * @param program the program that will read it
 * @throws JobserverError 'usage' if a pair of descriptors was asked for
 */
export async function formatJsonJoin(
  pool: Pool,
  options: JoinOptions,
  program: ProcessId | undefined,
  { env, flags }: ParsedEnv,
): Promise<string> {
  if (options.auth === 'pipe') {
    throw new JobserverError('usage', '--auth pipe cannot be combined with --json, which advertises no descriptors');
  }
  const shims = options.shims ? putShimsOnPath(env) : {};
  const chosen = await chooseStyle(pool, options.auth, { ...env, ...shims });
  // No pair is open here.
  const numbers = await limitJobVariables(
    env,
    { keep: options.keep, slots: 1, isFrontEnd: false, offered: ['fifo'] },
    cacheRoot(pool, env),
  );
  const pid = program === undefined ? process.ppid : pidOf(program);
  const path = pathOf(pool, { pid, fd: pool.address.kind === 'pair' ? pool.address.read : pool.fd });
  const advert: Advert =
    chosen.kind === 'fifo' ? { kind: 'fifo', path } : { kind: 'pair', ...CLOSED_PAIR, old: chosen.old, path };
  const changes = { ...shims, ...numbers, ...joinEnvironment(pool, advert, { env, flags }, options.auth) };
  return formatJsonChanges(changes, env, { path, jobs: pool.jobs ?? null });
}

/**
 * Writes changes to an environment as one line of JSON.
 * @throws JobserverError 'failed' for a variable that would come back with other bytes than it has
 */
export function formatJsonChanges(
  changes: EnvChanges,
  env: Env,
  pool: Pick<JsonJoin, 'path' | 'jobs'> = { path: null, jobs: null },
): string {
  refuseMangled(changes, env);
  const set: Record<string, string> = {};
  const unset: string[] = [];
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) unset.push(name);
    else set[name] = value;
  }
  const join: JsonJoin = { ...pool, set, unset };
  return `${JSON.stringify(join)}\n`;
}
