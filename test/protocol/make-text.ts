import fc from 'fast-check';
import { mergeMakeFlags, type PoolFlags, parseMakeFlags } from '../../src/protocol/makeflags.js';

/** Any text that an argument or a path can be; separators and quotes are frequent in it. */
export const anyText = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(' ', '\t', '\\', '$', '-', '=', "'", '"', '\n', '\u00a0', 'n', 'j', '4') },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
  ),
  maxLength: 12,
});

/** Quotes a word as make does, independently of our code: quote_for_env in its main.c. */
export const quoteAsMake = (text: string): string => text.replace(/[ \t\\]/g, '\\$&').replaceAll('$', '$$$$');

/** Merges a pool into a value of MAKEFLAGS. */
export const merge = (value: string, pool?: PoolFlags): string => mergeMakeFlags(parseMakeFlags(value), pool);
