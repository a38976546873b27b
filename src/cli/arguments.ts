import parse from 'yargs-parser';
import { JobserverError } from '../errors.js';
import type { OptionSpec } from './command.js';

/** A command line, taken apart. */
export interface Arguments {
  /** @returns whether an option without a value was given */
  has(name: string): boolean;
  /** @returns an option's value, the last one given */
  value(name: string): string | undefined;
  /** Everything from the first operand on, or behind `--`, as it was given. */
  operands: readonly string[];
}

/** The good case needs only yargs' own parser, not yargs; this is what makes it strict. */
const CONFIGURATION = {
  'boolean-negation': false,
  'camel-case-expansion': false,
  'dot-notation': false,
  'duplicate-arguments-array': false,
  'parse-numbers': false,
  'parse-positional-numbers': false,
  'strip-aliased': true,
};

/**
 * Parses a command line. Options end at the first operand, so that `js-run cargo build --release` needs no `--`.
 * @throws JobserverError 'usage' for an unknown option, a missing value, or a value too many
 */
export function parseArguments(argv: readonly string[], specs: readonly OptionSpec[]): Arguments {
  const end = findOperands(argv, specs);
  const valued = specs.filter(({ value }) => value !== undefined);
  const { argv: parsed, error } = parse.detailed(argv.slice(0, end), {
    alias: Object.fromEntries(specs.filter(({ short }) => short).map(({ name, short }) => [name, [short as string]])),
    boolean: specs.filter(({ value }) => value === undefined).map(({ name }) => name),
    string: valued.map(({ name }) => name),
    narg: Object.fromEntries(valued.map(({ name }) => [name, 1])),
    configuration: CONFIGURATION,
  });
  const values = new Map(Object.entries(parsed).filter(([name]) => name !== '_'));
  for (const name of values.keys()) {
    if (!specs.some((spec) => spec.name === name)) {
      throw new JobserverError('usage', `unknown option '${name.length === 1 ? '-' : '--'}${name}'`);
    }
  }
  for (const { name } of valued) {
    if (values.get(name) === '') throw new JobserverError('usage', `option '--${name}' needs a value`);
  }
  // Only a missing value is left to complain about.
  if (error !== null) throw new JobserverError('usage', `an option needs a value: ${error.message}`);
  return {
    has: (name) => values.get(name) === true,
    value: (name) => values.get(name) as string | undefined,
    operands: argv.slice(argv[end] === '--' ? end + 1 : end),
  };
}

/** @returns the index of the first word that is no option and no option's value */
function findOperands(argv: readonly string[], specs: readonly OptionSpec[]): number {
  let index = 0;
  while (index < argv.length) {
    const word = argv[index] as string;
    if (word === '--' || word === '-' || !word.startsWith('-')) break;
    index += wantsNextWord(word, specs) ? 2 : 1;
  }
  return Math.min(index, argv.length);
}

function wantsNextWord(word: string, specs: readonly OptionSpec[]): boolean {
  if (word.startsWith('--')) return specs.some(({ name, value }) => value !== undefined && word === `--${name}`);
  // In a group like -vj the value follows where the first letter that wants one is the last letter.
  const letters = [...word.slice(1)];
  const first = letters.findIndex((letter) =>
    specs.some(({ short, value }) => short === letter && value !== undefined),
  );
  return first >= 0 && first === letters.length - 1;
}
