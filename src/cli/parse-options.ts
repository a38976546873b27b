import parse from 'yargs-parser';
import { JobserverError } from '../errors.js';
import type { Arguments, OptionSpec } from './command-line.js';

/** Makes the parser of yargs strict. Parsing needs only that, not yargs itself. */
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
 * Parses options.
 * @param words options and their values only
 * @throws JobserverError 'usage' for an unknown option or a missing value
 */
export function parseOptions(words: readonly string[], specs: readonly OptionSpec[]): Omit<Arguments, 'operands'> {
  const valued = specs.filter(({ value }) => value !== undefined);
  const { argv: parsed, error } = parse.detailed([...words], {
    alias: Object.fromEntries(specs.filter(({ short }) => short).map(({ name, short }) => [name, [short as string]])),
    boolean: specs.filter(({ value }) => value === undefined).map(({ name }) => name),
    string: valued.map(({ name }) => name),
    narg: Object.fromEntries(valued.map(({ name }) => [name, 1])),
    configuration: CONFIGURATION,
  });
  // yargs takes -8 and what has no name for an operand, which cannot be here.
  const { _: operands, ...options } = parsed;
  if (!Array.isArray(operands) || operands.length > 0) {
    const word = words.find((text) => /^(-\d|--_|---)/.test(text)) ?? String(operands);
    throw new JobserverError('usage', `unknown option '${word}'`);
  }
  const values = new Map(Object.entries(options));
  for (const name of values.keys()) {
    if (!specs.some((spec) => spec.name === name)) {
      throw new JobserverError('usage', `unknown option '${name.length === 1 ? '-' : '--'}${name}'`);
    }
  }
  for (const { name, short, value } of specs) {
    // yargs accepts a short name with two dashes, too.
    const long = words.find((word) => word === `--${short}` || word.startsWith(`--${short}=`));
    if (long !== undefined) throw new JobserverError('usage', `unknown option '${long}'`);
    const wrong = values.has(name) && values.get(name) !== true;
    if (value === undefined && (wrong || words.some((word) => word.startsWith(`--${name}=`)))) {
      throw new JobserverError('usage', `option '--${name}' takes no value`);
    }
  }
  for (const { name } of valued) {
    if (values.get(name) === '') throw new JobserverError('usage', `option '--${name}' needs a value`);
  }
  // The only error left is a missing value.
  if (error !== null) {
    const [, key] = /: (\S+)$/.exec(error.message) ?? [];
    const spec = specs.find(({ name, short }) => name === key || short === key);
    throw new JobserverError('usage', `option '--${spec?.name ?? key}' needs a value`);
  }
  return {
    has: (name) => values.get(name) === true,
    value: (name) => values.get(name) as string | undefined,
  };
}
