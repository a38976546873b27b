import { readFileSync } from 'node:fs';
import { isShim } from './shim-folder.js';
import { findTool, type Style, type Tool } from './table.js';

/** The tool that a command line really runs. */
export interface Front {
  tool: Tool;
  /** Its name or path. */
  program: string;
  /** The words among which its options are. */
  words: readonly string[];
  /** What holds it to a number of slots. */
  bound(slots: number): ReturnType<NonNullable<Tool['bound']>>;
}

/** @returns the tool in front of a command line, which for `cmake --build` is the generator's; undefined for none we know */
export function findFront(words: readonly string[]): Front | undefined {
  const [program = '', option, folder] = words;
  const tool = findTool(program);
  if (tool !== undefined) {
    return { tool, program, words, bound: (slots) => tool.bound?.(slots) ?? {} };
  }
  if (!/(^|\/)cmake$/.test(program) || option !== '--build' || folder === undefined) return undefined;
  const generated = readMakeProgram(folder);
  // A wrapper that was written down asks again itself.
  const generator = generated === undefined || isShim(generated) ? undefined : findTool(generated);
  if (generated === undefined || generator === undefined) return undefined;
  return {
    tool: generator,
    program: generated,
    // What stands behind `--` is the generator's.
    words: words.filter((word) => word !== '--'),
    // cmake hands its number on to any generator.
    bound: (slots) => ({ env: { CMAKE_BUILD_PARALLEL_LEVEL: String(slots) } }),
  };
}

/**
 * @param styles what the tool understands
 * @returns the first word behind the program, and before `--`, that makes the tool leave the pool; undefined for none
 */
export function findLeaving(
  { leaves, limited }: Tool,
  styles: readonly Style[],
  words: readonly string[],
): string | undefined {
  if (leaves === undefined || (limited && styles.length > 0)) return undefined;
  const end = words.indexOf('--');
  return words.slice(1, end < 0 ? undefined : end).find((word) => leaves.test(word));
}

/** @returns the program that cmake wrote down for a build folder */
function readMakeProgram(folder: string): string | undefined {
  try {
    return /^CMAKE_MAKE_PROGRAM:\w+=(.+)$/m.exec(readFileSync(`${folder}/CMakeCache.txt`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}
