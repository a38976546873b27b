import type { Env, EnvChanges } from '../environment.js';
import { mergeMakeFlags, parseMakeFlags } from '../protocol/makeflags.js';
import { askStyles } from '../tools/ask-version.js';
import { findProgram } from '../tools/find-program.js';
import { CMAKE_JOBS_VARIABLE } from '../tools/invoked-tool.js';
import { findTool, OVERRIDING, type Style, setParallel, THREAD_VARIABLES, usableStyles } from '../tools/table.js';
import type { JoinOptions } from './join-options.js';

/** The number that we have set such variables to, by which a wrapper knows that no user asked for it. */
export const BOUND_VARIABLE = 'JOBSERVER_TOOLS_BOUND';

/** Variables whose readers never join a pool. Without the variable they take the number of processors (PROTOCOL 28). */
const NEVER_JOINING: readonly string[] = ['MAX_JOBS', 'NPY_NUM_BUILD_JOBS'];

/** A variable whose readers never join a pool, with the number as one of several words. */
const DEBIAN = 'DEB_BUILD_OPTIONS';

/** Who reads the variables. */
interface Reader {
  /** The variables that stay as they are. */
  keep: readonly string[];
  /** How many slots each program has that reads a variable. */
  slots: number;
  /** Whether it starts builds that its command line does not show, so that variables are set even if nobody has set them. */
  isFrontEnd: boolean;
  /** How the pool is advertised to it. */
  offered: readonly Style[];
}

/**
 * Limits the numbers of jobs in variables: if the readers of one can join the pool, it is removed, else it is set to their number
 * of slots.
 * @param root the state folder
 */
export async function limitJobVariables(
  env: Env,
  { keep, slots, isFrontEnd, offered }: Reader,
  root: string,
): Promise<EnvChanges> {
  const changes: Record<string, string | undefined> = {};
  for (const name of listOverriding(env)) changes[name] = withoutJobs(name, env[name] ?? '');
  const numbers = NEVER_JOINING.filter((name) => isFrontEnd || env[name] !== undefined);
  if (isFrontEnd || (env[CMAKE_JOBS_VARIABLE] !== undefined && (await cannotNinjaJoin(offered, env, root))))
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

/**
 * Sets the variables by which programs choose a number of threads or workers, unless a user has set a lower one, and those that the
 * user named; nothing if the user named no number of slots.
 */
export function countSlots(env: Env, slots: number, options: JoinOptions): EnvChanges {
  if (options.countVariables === undefined) return {};
  const names = THREAD_VARIABLES.filter((name) => !options.keep.includes(name));
  return {
    ...Object.fromEntries(names.map((name) => [name, limit(env[name], slots, env)])),
    [BOUND_VARIABLE]: String(slots),
    ...setNamed(slots, options),
  };
}

/** Sets the variables that the user named to the number of slots. */
export const setNamed = (slots: number, { countVariables = [] }: JoinOptions): EnvChanges =>
  Object.fromEntries(countVariables.map((name) => [name, String(slots)]));

/** Puts the number of slots in place of each `{n}` in a command line, if the user named one. */
export const fillCount = <T extends { words: readonly string[] }>(job: T, options: JoinOptions, slots: number): T =>
  options.countVariables === undefined
    ? job
    : { ...job, words: job.words.map((word) => word.replaceAll('{n}', String(slots))) };

/** Returns the number of slots, or a user's own value if that is less. */
function limit(value = '', slots: number, env: Env): string {
  const isLess = /^[1-9]\d*$/.test(value) && Number(value) < slots && value !== env[BOUND_VARIABLE];
  return isLess ? value : String(slots);
}

/** Lists the variables that make a tool use a number of its own, but not those that we have set. */
export function listOverriding(env: Env): string[] {
  return OVERRIDING.filter((name) => {
    const value = env[name];
    return value !== undefined && value.trim() !== (withoutJobs(name, value) ?? '') && !isOurs(name, value, env);
  });
}

const isOurs = (name: string, value: string, env: Env): boolean =>
  (name === DEBIAN && value.split(' ').includes(`parallel=${env[BOUND_VARIABLE]}`)) ||
  (!HOLDS_OPTIONS.test(name) && value === env[BOUND_VARIABLE]);

/** Removes the number of jobs from a variable, or the variable; of other options in it nothing is lost. */
function withoutJobs(name: string, value: string): string | undefined {
  if (name === DEBIAN) return setParallel(value);
  const rest = HOLDS_OPTIONS.test(name) ? mergeMakeFlags(parseMakeFlags(value)).trim() : '';
  // Without this variable, ctest from 3.29 on runs its tests one by one, even in a pool.
  return rest || (name === 'CTEST_PARALLEL_LEVEL' ? '' : undefined);
}

const HOLDS_OPTIONS = /(FLAGS|OPTS)$/;

/** Returns whether the ninja that cmake would start cannot join a pool that is advertised in these styles. */
async function cannotNinjaJoin(offered: readonly Style[], env: Env, root: string): Promise<boolean> {
  const tool = findTool('ninja');
  if (tool === undefined || findProgram('ninja', env.PATH) === undefined) return false;
  return usableStyles(await askStyles(tool, 'ninja', env, root), offered).length === 0;
}
