import type { Env, EnvChanges } from '../environment.js';
import { findRequestedJobs, type InvokedTool } from '../tools/invoked-tool.js';
import { replaceJobs } from '../tools/jobs-option.js';
import type { Style } from '../tools/table.js';
import { BOUND_VARIABLE } from './job-count-variables.js';

/** A command line that keeps its tool within its slots. */
interface LimitedTool {
  words: readonly string[];
  env?: EnvChanges;
  /** Why the tool may run more jobs all the same. */
  warning?: string;
}

/** How the tool is started. */
interface ToolStart {
  words: readonly string[];
  env: Env;
  /** How many slots it has. */
  slots: number;
  /**
   * Takes slots that are free, up to a number, and returns how many there are then. With it, a number of jobs in the command line
   * is changed to that; it is undefined without --fit.
   */
  fitTo: ((slots: number) => number) | undefined;
  /** The N of the pool. */
  most: number;
}

/**
 * Limits a tool to its slots: one that cannot join the pool is given their number. So is one that is given a number of jobs, for
 * which it would leave the pool, if that may be changed.
 * @param styles by which it joins the pool
 */
export function limitToolToSlots(
  invoked: InvokedTool,
  styles: readonly Style[],
  { words, env, slots, fitTo, most }: ToolStart,
): LimitedTool {
  const limitTo = (count: number) => (styles.length > 0 ? {} : invoked.limitTo(count, env));
  const requested = findRequestedJobs(invoked, styles, fitTo === undefined ? {} : env);
  if (requested === undefined) {
    const [program = '', ...args] = words;
    const limit = limitTo(slots);
    return { words: [program, ...(limit.args ?? []), ...args], env: limit.env ?? {} };
  }
  const { text, count } = requested;
  if (fitTo === undefined) {
    const limited = { words, env: limitTo(slots).env ?? {} };
    if (count <= slots) return limited;
    return { ...limited, warning: `'${text}' makes ${words[0]} ignore the pool; remove it, or use js-run --fit` };
  }
  // If the tool joins, the pool gives it slots as they come free. That is better than a number that is no less than N, which limits
  // nothing, and than one that we have set ourselves, for tools that cannot join, and no user asked for.
  const isLeftToPool = styles.length > 0 && (count >= most || String(count) === env[BOUND_VARIABLE]);
  const granted = isLeftToPool ? undefined : fitTo(Math.min(count, most));
  const { jobsVariable } = invoked;
  return {
    words: replaceJobs(words, invoked.jobsOptions, granted),
    env: jobsVariable === undefined ? (limitTo(granted ?? slots).env ?? {}) : { [jobsVariable]: granted?.toString() },
  };
}
