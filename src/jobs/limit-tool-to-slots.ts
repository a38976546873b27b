import type { Env, EnvChanges } from '../environment.js';
import { findRequestedJobs, type InvokedTool } from '../tools/invoked-tool.js';
import { replaceJobs } from '../tools/jobs-option.js';
import type { Style } from '../tools/table.js';
import { BOUND_VARIABLE } from './job-count-variables.js';

/** What keeps the tool in front to its slots. */
interface HeldTool {
  words: readonly string[];
  env?: EnvChanges;
  /** What makes it run more jobs all the same. */
  warning?: string;
}

/** How the tool is started. */
interface Start {
  words: readonly string[];
  env: Env;
  /** How many slots it holds. */
  slots: number;
  /** Whether a number of jobs in its command line may be changed to that. */
  fit: boolean;
  /** The N of the pool. */
  most: number;
}

/**
 * Holds the tool in front of a command line to its slots: one that cannot join gets their number, and so does, if it may be
 * changed, one that is given a number of jobs, for which it leaves the pool.
 * @param styles by which it joins the pool
 */
export function holdTool(
  front: InvokedTool,
  styles: readonly Style[],
  { words, env, slots, fit, most }: Start,
): HeldTool {
  const own = findRequestedJobs(front, styles, fit ? env : {});
  const bound = styles.length > 0 ? {} : front.limitTo(slots, env);
  if (own !== undefined && !fit) {
    const held = { words, env: bound.env ?? {} };
    if (own.count <= slots) return held;
    return { ...held, warning: `'${own.text}' makes ${words[0]} use a number of its own, not the pool` };
  }
  const [program = '', ...args] = words;
  if (own === undefined) return { words: [program, ...(bound.args ?? []), ...args], env: bound.env ?? {} };
  const count = shallJoin(own.count, styles, most, env) ? undefined : slots;
  return {
    words: replaceJobs(words, front.jobsOptions, count),
    env: front.jobsVariable === undefined ? (bound.env ?? {}) : { [front.jobsVariable]: count?.toString() },
  };
}

/**
 * Returns whether a tool that is given a number of jobs is better left to the pool: that gives it slots as they come free. A
 * number that is no less than N limits nothing there, and one that we have set ourselves, for what cannot join, is nobody's wish.
 */
const shallJoin = (count: number, styles: readonly Style[], most: number, env: Env): boolean =>
  styles.length > 0 && (count >= most || String(count) === env[BOUND_VARIABLE]);

/**
 * @param styles by which the tool joins the pool
 * @param most the N of the pool
 * @returns how many slots a command may use that is given a number of jobs, 1 if it is given none or joins the pool for them
 */
export function countWanted(front: InvokedTool, styles: readonly Style[], most: number, env: Env): number {
  const own = findRequestedJobs(front, styles, env);
  if (own === undefined || shallJoin(own.count, styles, most, env)) return 1;
  return own.count;
}
