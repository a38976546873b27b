import parse from 'yargs-parser';
import { JobserverError } from '../errors.js';
import type { Arguments } from './arguments.js';
import type { OptionSpec } from './command.js';

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
  };
}
