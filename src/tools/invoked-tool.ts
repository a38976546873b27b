import { readFileSync } from 'node:fs';
import type { Env } from '../environment.js';
import { findJobsOptions, type JobsOption } from './jobs-option.js';
import { isShim } from './shim-folder.js';
import { findTool, type Style, type Tool } from './table.js';

/** The tool that a command line really runs. */
export interface Front {
  tool: Tool;
  /** Its name or path. */
  program: string;
  /** The numbers of jobs in the command line. */
  jobs: readonly JobsOption[];
  /** The variable that gives it one where the command line does not. */
  jobsVariable?: string;
  /** What holds it to a number of slots. */
  bound(slots: number, env?: Env): ReturnType<NonNullable<Tool['bound']>>;
}

/** @returns the tool in front of a command line, which for `cmake --build` is the generator's; undefined for none we know */
export function findFront(words: readonly string[]): Front | undefined {
  const [program = '', , folder] = words;
  const tool = findTool(program);
  if (tool !== undefined) {
    return {
      tool,
      program,
      jobs: findOptions(tool, words),
      ...(tool.variable && { jobsVariable: tool.variable }),
      bound: (slots, env) => tool.bound?.(slots, env) ?? {},
    };
  }
  if (!isCMakeBuild(words) || folder === undefined) return undefined;
  const generated = readMakeProgram(folder);
  // A wrapper that was written down asks again itself.
  const generator = generated === undefined || isShim(generated) ? undefined : findTool(generated);
  if (generated === undefined || generator === undefined) return undefined;
  return {
    tool: generator,
    program: generated,
    // What stands behind `--` is the generator's.
    jobs: generator.leaves === undefined ? [] : findJobsOptions(words, generator.leaves),
    // cmake hands its number on to any generator.
    jobsVariable: CMAKE_LEVEL,
    bound: (slots) => ({ env: { [CMAKE_LEVEL]: String(slots) } }),
  };
}

/** @returns whether it is `cmake --build`, whatever its generator is */
export const isCMakeBuild = ([program = '', option]: readonly string[]): boolean =>
  /(^|\/)cmake$/.test(program) && option === '--build';

/** The variable that gives `cmake --build` a number of jobs. */
export const CMAKE_LEVEL = 'CMAKE_BUILD_PARALLEL_LEVEL';

/** What stands behind `--` are operands. */
function findOptions({ leaves, end: findEnd }: Tool, words: readonly string[]): JobsOption[] {
  const end = findEnd === undefined ? words.indexOf('--') : findEnd(words);
  return leaves === undefined ? [] : findJobsOptions(words, leaves, end < 0 ? undefined : end);
}

/** A number of jobs that makes a tool leave the pool, and how it is said. */
export type OwnJobs = Pick<JobsOption, 'text' | 'count'>;

/**
 * @param styles what the tool understands
 * @param env with the variable that counts too, if it does
 * @returns the number of jobs that the tool would run outside the pool, the last one if it is told several; undefined for none
 */
export function findOwnJobs(
  { tool, jobs, jobsVariable = '' }: Front,
  styles: readonly Style[],
  env: Env = {},
): OwnJobs | undefined {
  if (tool.limited && styles.length > 0) return undefined;
  const last = jobs.at(-1);
  if (last !== undefined) return last;
  const value = env[jobsVariable] ?? '';
  return /^\d+$/.test(value) ? { text: `${jobsVariable}=${value}`, count: Number(value) || Infinity } : undefined;
}

/**
 * @param styles what the tool understands
 * @returns whether its command line makes it leave the pool
 */
export const isLeaving = (tool: Tool, styles: readonly Style[], words: readonly string[]): boolean =>
  findOptions(tool, words).length > 0 && !(tool.limited && styles.length > 0);

/** @returns the program that cmake wrote down for a build folder */
function readMakeProgram(folder: string): string | undefined {
  try {
    return /^CMAKE_MAKE_PROGRAM:\w+=(.+)$/m.exec(readFileSync(`${folder}/CMakeCache.txt`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
