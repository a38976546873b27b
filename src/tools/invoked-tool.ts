import { readFileSync } from 'node:fs';
import type { Env } from '../environment.js';
import { findJobsOptions, type JobsOption } from './jobs-option.js';
import { isShim } from './shim-folder.js';
import { findTool, type Limit, type Style, type Tool } from './table.js';

/** The tool that a command line runs: its first word, or for `cmake --build` the tool of the generator. */
export interface InvokedTool {
  tool: Tool;
  /** Its name or path. */
  program: string;
  /** The numbers of jobs in the command line. */
  jobsOptions: readonly JobsOption[];
  /** The variable that gives it one if the command line does not. */
  jobsVariable?: string;
  /** Returns what limits it to a number of slots. */
  limitTo(slots: number, env?: Env): Limit;
}

/** Finds the tool that a command line runs; undefined if it is none that we know. */
export function findInvokedTool(words: readonly string[]): InvokedTool | undefined {
  const [program = '', , folder] = words;
  const tool = findTool(program);
  if (tool !== undefined) {
    return {
      tool,
      program,
      jobsOptions: findOptionsOf(tool, words),
      ...(tool.jobsVariable && { jobsVariable: tool.jobsVariable }),
      limitTo: (slots, env) => tool.limitTo?.(slots, env) ?? {},
    };
  }
  if (!isCMakeBuild(words) || folder === undefined) return undefined;
  const generated = readMakeProgram(folder);
  // A wrapper that cmake has written down asks for slots itself.
  const generator = generated === undefined || isShim(generated) ? undefined : findTool(generated);
  if (generated === undefined || generator === undefined) return undefined;
  return {
    tool: generator,
    program: generated,
    // What follows `--` is for the generator's tool.
    jobsOptions: generator.jobsOption === undefined ? [] : findJobsOptions(words, generator.jobsOption),
    // cmake passes its number on to the tool of any generator.
    jobsVariable: CMAKE_JOBS_VARIABLE,
    limitTo: (slots) => ({ env: { [CMAKE_JOBS_VARIABLE]: String(slots) } }),
  };
}

/** Returns whether a command line is `cmake --build`, whatever its generator is. */
export const isCMakeBuild = ([program = '', option]: readonly string[]): boolean =>
  /(^|\/)cmake$/.test(program) && option === '--build';

/** The variable that gives `cmake --build` a number of jobs. */
export const CMAKE_JOBS_VARIABLE = 'CMAKE_BUILD_PARALLEL_LEVEL';

/** Finds the numbers of jobs among a tool's options; what follows `--` are operands. */
function findOptionsOf({ jobsOption, findOptionsEnd }: Tool, words: readonly string[]): JobsOption[] {
  const end = findOptionsEnd === undefined ? words.indexOf('--') : findOptionsEnd(words);
  return jobsOption === undefined ? [] : findJobsOptions(words, jobsOption, end < 0 ? undefined : end);
}

/** A number of jobs for which a tool leaves the pool, and how it was given. */
export type RequestedJobs = Pick<JobsOption, 'text' | 'count'>;

/**
 * Finds the number of jobs that a tool would run outside the pool, the last one if it is given several.
 * @param styles by which the tool joins the pool
 * @param env the environment, if the tool's variable counts too
 */
export function findRequestedJobs(
  { tool, jobsOptions, jobsVariable = '' }: InvokedTool,
  styles: readonly Style[],
  env: Env = {},
): RequestedJobs | undefined {
  if (tool.joinsWithJobs && styles.length > 0) return undefined;
  const last = jobsOptions.at(-1);
  if (last !== undefined) return last;
  const value = env[jobsVariable] ?? '';
  return /^\d+$/.test(value) ? { text: `${jobsVariable}=${value}`, count: Number(value) || Infinity } : undefined;
}

/**
 * Returns whether a tool leaves the pool because of its command line.
 * @param styles by which the tool joins the pool
 */
export const leavesPool = (tool: Tool, styles: readonly Style[], words: readonly string[]): boolean =>
  findOptionsOf(tool, words).length > 0 && !(tool.joinsWithJobs && styles.length > 0);

/** Reads the program that cmake has written down for a build folder. */
function readMakeProgram(folder: string): string | undefined {
  try {
    return /^CMAKE_MAKE_PROGRAM:\w+=(.+)$/m.exec(readFileSync(`${folder}/CMakeCache.txt`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
