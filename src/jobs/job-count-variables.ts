import type { Env, EnvChanges } from '../environment.js';
import { mergeMakeFlags } from '../protocol/makeflags.js';
import { askStyles } from '../tools/ask-version.js';
import { findProgram } from '../tools/find-program.js';
import { CMAKE_JOBS_VARIABLE } from '../tools/invoked-tool.js';
import { findTool, OVERRIDING, type Style, setParallel, usableStyles } from '../tools/table.js';

/** The number that we set such variables to: a wrapper of ours knows by it that no user asked for just that. */
export const BOUND_VARIABLE = 'JOBSERVER_TOOLS_BOUND';

/** Variables whose readers never join a pool. Without them they take the number of processors (PROTOCOL 28). */
const OF_STRANGERS: readonly string[] = ['MAX_JOBS', 'NPY_NUM_BUILD_JOBS'];

/** The number in it is one of several words, and its readers never join a pool. */
const DEBIAN = 'DEB_BUILD_OPTIONS';

/** What the variables are for. */
interface Reader {
  /** Those that stay as they are. */
  keep: readonly string[];
  /** How many slots each program has that reads them. */
  slots: number;
  /** Whether it starts builds that cannot be seen, so that they are set although nobody set them. */
  isFrontEnd: boolean;
  /** How the pool is advertised to it. */
  offered: readonly Style[];
}

/**
 * Holds whatever reads a variable with a number of jobs to the pool: if the reader joins, the variable is taken out, else it is
 * set to the number of slots.
 * @param root the state folder
 */
export async function holdNumbers(
  env: Env,
  { keep, slots, isFrontEnd, offered }: Reader,
  root: string,
): Promise<EnvChanges> {
  const changes: Record<string, string | undefined> = {};
  for (const name of listOverriding(env)) changes[name] = withoutJobs(name, env[name] ?? '');
  const numbers = OF_STRANGERS.filter((name) => isFrontEnd || env[name] !== undefined);
  if (isFrontEnd || (env[CMAKE_JOBS_VARIABLE] !== undefined && (await isNinjaOut(offered, env, root))))
    numbers.push(CMAKE_JOBS_VARIABLE);
  for (const name of numbers) changes[name] = limit(env[name], slots, env);
  if (numbers.length > 0) changes[BOUND_VARIABLE] = String(slots);
  if (changes[DEBIAN] !== undefined) {
    changes[DEBIAN] = setParallel(changes[DEBIAN], slots);
    changes[BOUND_VARIABLE] = String(slots);
  }
  for (const name of keep) delete changes[name];
  return changes;
}

/** Returns the number of slots, or what a user has set the variable to if that is less. */
function limit(value = '', slots: number, env: Env): string {
  const isLess = /^[1-9]\d*$/.test(value) && Number(value) < slots && value !== env[BOUND_VARIABLE];
  return isLess ? value : String(slots);
}

/** Returns the variables that make a tool use a number of its own, and that are not ours. */
export function listOverriding(env: Env): string[] {
  return OVERRIDING.filter((name) => {
    const value = env[name];
    return value !== undefined && value.trim() !== (withoutJobs(name, value) ?? '') && !isOurs(name, value, env);
  });
}

const isOurs = (name: string, value: string, env: Env): boolean =>
  (name === DEBIAN && value.split(' ').includes(`parallel=${env[BOUND_VARIABLE]}`)) ||
  (!HOLDS_OPTIONS.test(name) && value === env[BOUND_VARIABLE]);

/** Of variables that hold options only those of the jobs go. */
function withoutJobs(name: string, value: string): string | undefined {
  if (name === DEBIAN) return setParallel(value);
  const rest = HOLDS_OPTIONS.test(name) ? mergeMakeFlags(value).trim() : '';
  // ctest from 3.29 on runs its tests one by one if this one is not there at all, also in a pool.
  return rest || (name === 'CTEST_PARALLEL_LEVEL' ? '' : undefined);
}

const HOLDS_OPTIONS = /(FLAGS|OPTS)$/;

/** Returns whether the ninja that a cmake would start cannot join a pool that is advertised so. */
async function isNinjaOut(offered: readonly Style[], env: Env, root: string): Promise<boolean> {
  const tool = findTool('ninja');
  if (tool === undefined || findProgram('ninja', env.PATH) === undefined) return false;
  return usableStyles(await askStyles(tool, 'ninja', env, root), offered).length === 0;
}
