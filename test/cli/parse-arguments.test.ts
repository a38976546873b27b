import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMMON_OPTIONS } from '../../src/cli/command.js';
import type { OptionSpec } from '../../src/cli/command-line.js';
import { parseArguments } from '../../src/cli/parse-arguments.js';

const SPECS: readonly OptionSpec[] = [
  { name: 'slots', short: 'n', value: 'N', help: '' },
  { name: 'jobs', short: 'j', value: 'N', help: '' },
  { name: 'fifo', value: 'PATH', help: '' },
  { name: 'verbose', short: 'v', help: '' },
  { name: 'no-wait', help: '' },
  ...COMMON_OPTIONS,
];

/** Parses a command line and writes it as `slots=4 verbose | a b`: the options in the order of the table, then the operands. */
async function parse(argv: readonly string[]): Promise<string> {
  const args = await parseArguments(argv, SPECS);
  const given = SPECS.flatMap(({ name, value }) => {
    if (value === undefined) return args.has(name) ? [name] : [];
    const text = args.value(name);
    return text === undefined ? [] : [`${name}=${text}`];
  });
  return [...given, '|', ...args.operands].join(' ');
}

describe('a command line', () => {
  test.each([
    // Options stop at the first operand.
    [[], '|'],
    [['make'], '| make'],
    [['make', '-n', '4', '--slots=9'], '| make -n 4 --slots=9'],
    [['-v', 'make', '-v', '--', '-j4'], 'verbose | make -v -- -j4'],
    [['-n', '4', 'true', 'false'], 'slots=4 | true false'],
    [['-v', 'true'], 'verbose | true'],
    [['--no-wait', 'false', '--no-wait'], 'no-wait | false --no-wait'],
    [['-', '-v'], '| - -v'],
    [['', '-v'], '|  -v'],
    // Only the first `--` is removed.
    [['--', 'make'], '| make'],
    [['--', '-n', '4'], '| -n 4'],
    [['-v', '--', '--', 'x'], 'verbose | -- x'],
    [['--', 'a', '--', 'b'], '| a -- b'],
    [['--'], '|'],
    [['-n', '4', '--'], 'slots=4 |'],
    // The ways to write a value.
    [['-n4'], 'slots=4 |'],
    [['-n', '4'], 'slots=4 |'],
    [['--slots=4'], 'slots=4 |'],
    [['--slots', '4'], 'slots=4 |'],
    [['-vj', '3', 'make'], 'jobs=3 verbose | make'],
    [['-vj3', 'make'], 'jobs=3 verbose | make'],
    [['-vvh'], 'verbose help |'],
    [['-n', '-1'], 'slots=-1 |'],
    [['--slots=-1'], 'slots=-1 |'],
    [['--fifo=/tmp/a b'], 'fifo=/tmp/a b |'],
    [['--fifo', '/tmp/a\nb\t'], 'fifo=/tmp/a\nb\t |'],
    [['--fifo=a=b=c'], 'fifo=a=b=c |'],
    [['--fifo', '-'], 'fifo=- |'],
    // Texts that a parser could misread.
    [['-n', '007'], 'slots=007 |'],
    [['-n', '1e3'], 'slots=1e3 |'],
    [['-n', '0x10'], 'slots=0x10 |'],
    [['--slots=4.50'], 'slots=4.50 |'],
    [['--fifo', 'true'], 'fifo=true |'],
    [['--fifo="a"'], 'fifo="a" |'],
    [['--fifo', "'a'"], "fifo='a' |"],
    [['--fifo=~/$HOME'], 'fifo=~/$HOME |'],
    // The last one wins.
    [['-n', '4', '-n', '5'], 'slots=5 |'],
    [['-n', '4', '--slots=5'], 'slots=5 |'],
    [['--slots=5', '-n4'], 'slots=4 |'],
    [['--fifo', 'a', '--fifo', 'b', 'c'], 'fifo=b | c'],
    [['-v', '--verbose'], 'verbose |'],
  ])('%j is %j', async (argv, parsed) => expect(await parse(argv)).toBe(parsed));

  test('of any operands keeps them byte for byte', () => {
    const word = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('--', '-n', '--slots', '-', '-vj', '--x=1'));
    return fc.assert(
      fc.asyncProperty(fc.array(word), async (words) => {
        expect((await parseArguments(['-v', '--', ...words], SPECS)).operands).toEqual(words);
        expect((await parseArguments(['make', ...words], SPECS)).operands).toEqual(['make', ...words]);
      }),
    );
  });

  test('of any value that is no option keeps it byte for byte', () => {
    const value = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.startsWith('-'));
    return fc.assert(
      fc.asyncProperty(value, async (text) => {
        for (const argv of [['--fifo', text], [`--fifo=${text}`]]) {
          expect((await parseArguments(argv, SPECS)).value('fifo')).toBe(text);
        }
      }),
    );
  });
});

describe('a wrong command line', () => {
  test.each([
    [['-x'], "unknown option '-x'"],
    [['-vx'], "unknown option '-x'"],
    [['--slot=4'], "unknown option '--slot'"],
    [['--slotss', '4'], "unknown option '--slotss'"],
    [['--noWait'], "unknown option '--noWait'"],
    [['--no-verbose'], "unknown option '--no-verbose'"],
    [['--slots.x=4'], "unknown option '--slots.x'"],
    [['--constructor'], "unknown option '--constructor'"],
    [['--toString=1'], "unknown option '--toString'"],
    [['--hasOwnProperty', 'x'], "unknown option '--hasOwnProperty'"],
    [['--$0'], "unknown option '--$0'"],
    [['-v', '--unknown', '--', 'x'], "unknown option '--unknown'"],
    [['--fifo='], "option '--fifo' needs a value"],
    [['--fifo', ''], "option '--fifo' needs a value"],
    [['-jv', '3'], "option '--jobs' needs a value"],
  ])('%j: %s', async (argv, message) => {
    await expect(parse(argv)).rejects.toMatchObject({ name: 'JobserverError', kind: 'usage', message });
  });

  test.each([
    [['-n']],
    [['--slots']],
    [['-v', '-n']],
    [['-vn']],
    [['--slots', '--no-wait']],
    [['-n', '--', 'make']],
    [['--slots', '--', 'make']],
    [['-nv']],
    [['-n4x']],
    [['--__proto__']],
    [['--__proto__=1']],
    [['--__proto__', 'x']],
    [['--=x']],
    [['-=x']],
    [['-é']],
  ])('%j', async (argv) => {
    await expect(parse(argv)).rejects.toMatchObject({ name: 'JobserverError', kind: 'usage' });
  });

  test.each([
    // `js-create -8`, as other programs accept it.
    [['-8']],
    [['-8', 'make']],
    [['-v1']],
    [['-v-']],
    [['---', 'make']],
    [['---=x', 'make']],
    [['--_']],
    [['--_=x', 'make']],
  ])('%j is not ignored', async (argv) => {
    await expect(parse(argv)).rejects.toMatchObject({ name: 'JobserverError', kind: 'usage' });
  });

  test.each([[['--no-wait=yes']], [['--no-wait=false']], [['--verbose=']], [['-v=3']], [['--help=x']]])(
    '%j: a value for an option that takes none',
    async (argv) => {
      await expect(parse(argv)).rejects.toMatchObject({ name: 'JobserverError', kind: 'usage' });
    },
  );

  test.each([[['--n=4']], [['--v']], [['--h', 'x']]])('%j: a short option with two dashes', async (argv) => {
    await expect(parse(argv)).rejects.toMatchObject({ name: 'JobserverError', kind: 'usage' });
  });
});
