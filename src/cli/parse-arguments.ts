import type { Arguments, OptionSpec } from './command-line.js';

/**
 * Parses a command line. Options end at the first operand, so that `js-run cargo build --release` needs no `--`.
 * @throws JobserverError 'usage' for an unknown option, a missing value, or a value too many
 */
export async function parseArguments(argv: readonly string[], specs: readonly OptionSpec[]): Promise<Arguments> {
  const end = findOperands(argv, specs);
  const operands = argv.slice(argv[end] === '--' ? end + 1 : end);
  // `js-run CMD` has nothing to parse, and must start fast.
  if (end === 0) return { has: () => false, value: () => undefined, operands };
  // Loaded late (src/build/build.sh).
  const { parseOptions } = await import('../cli/parse-options.js');
  return { ...parseOptions(argv.slice(0, end), specs), operands };
}

/** Finds the index of the first word that is no option and no option's value. */
function findOperands(argv: readonly string[], specs: readonly OptionSpec[]): number {
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] as string;
    if (word === '--' || word === '-' || !word.startsWith('-')) break;
    index += takesNextWord(word, specs) ? 2 : 1;
  }
  return Math.min(index, argv.length);
}

function takesNextWord(word: string, specs: readonly OptionSpec[]): boolean {
  if (word.startsWith('--')) return specs.some(({ name, value }) => value !== undefined && word === `--${name}`);
  // In a group like -vj the value follows if the first letter that takes one is the last letter.
  const letters = [...word.slice(1)];
  const first = letters.findIndex((letter) =>
    specs.some(({ short, value }) => short === letter && value !== undefined),
  );
  return first >= 0 && first === letters.length - 1;
}
