import fc from 'fast-check';

/** Any text that an argument or a path can be; what parts words and what quotes comes often. */
export const anyText = fc.string({
  unit: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(' ', '\t', '\\', '$', '-', '=', "'", '"', '\n', '\u00a0', 'n', 'j', '4') },
    { weight: 2, arbitrary: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }) },
  ),
  maxLength: 12,
});

/** make's own quoting of a word, written down anew: quote_for_env in its main.c. */
export const quoteAsMake = (text: string): string => text.replace(/[ \t\\]/g, '\\$&').replaceAll('$', '$$$$');
