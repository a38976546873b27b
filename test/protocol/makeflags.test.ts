import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatAuth, parseAuth } from '../../src/protocol/auth.js';
import {
  findAuths,
  findJobCount,
  findTailAuth,
  isDryRun,
  parseMakeFlags,
  quoteWord,
} from '../../src/protocol/makeflags.js';
import { anyText, merge, quoteAsMake } from './make-text.js';

describe('parseMakeFlags', () => {
  const texts = (value: string) => parseMakeFlags(value).words.map(({ text }) => text);

  test.each([
    ['', []],
    [' ', []],
    ['kw', ['kw']],
    [' -j4  --jobserver-auth=3,4\t-k ', ['-j4', '--jobserver-auth=3,4', '-k']],
    ['-Ia\\ b', ['-Ia b']],
    ['-Ia\\\tb', ['-Ia\tb']],
    ['-Ia\\\\b', ['-Ia\\b']],
    ['-Ia\\\\ b', ['-Ia\\', 'b']],
    ['-Ia\\\\\\ b', ['-Ia\\ b']],
    ['-Ia\\', ['-Ia\\']],
    ['-I"a b"', ['-I"a', 'b"']],
    ["-I'a b'", ["-I'a", "b'"]],
    // To make only spaces and tabs are blanks, and it quotes nothing else.
    ['-Ia\nb', ['-Ia\nb']],
    ['-Ia\rb', ['-Ia\rb']],
    ['-Ia\u00a0b', ['-Ia\u00a0b']],
    ['--eval=A=1\n--jobserver-auth=9,9', ['--eval=A=1\n--jobserver-auth=9,9']],
  ])('%o has the words %o', (value, words) => expect(texts(value)).toEqual(words));

  test.each([
    [' -j4 -- X=1', ['-j4'], '-- X=1'],
    [' -- X=1 -- Y=2', [], '-- X=1 -- Y=2'],
    ['--', [], '--'],
    ['k --', ['k'], '--'],
    [' -- X=a\\ --jobserver-auth=9,9  Y=\\\\ ', [], '-- X=a\\ --jobserver-auth=9,9  Y=\\\\ '],
    [' --x -y', ['--x', '-y'], ''],
    [' a--b \\-- X=1', ['a--b', '--', 'X=1'], ''],
  ])('%o ends at the word --', (value, words, tail) => {
    expect(texts(value)).toEqual(words);
    expect(parseMakeFlags(value).tail).toBe(tail);
  });

  test('keeps each word as it is written', () =>
    expect(parseMakeFlags('k -Ia\\ b')).toEqual({
      words: [
        { raw: 'k', text: 'k' },
        { raw: '-Ia\\ b', text: '-Ia b' },
      ],
      tail: '',
    }));
});

test.each([
  ['', []],
  ['kw', []],
  [' -j4 --jobserver-auth=3,4', ['3,4']],
  [' --jobserver-auth=3,4 --jobserver-auth=fifo:/a -k', ['3,4', 'fifo:/a']],
  [' --jobserver-fds=3,4 -j', ['3,4']],
  [' --jobserver-auth=5,6 --jobserver-fds=3,4', ['5,6']],
  [' --jobserver-fds=3,4 --jobserver-fds=5,6', ['3,4', '5,6']],
  [' --jobserver-auth=fifo:/tmp/a\\ b/GMfifo7', ['fifo:/tmp/a b/GMfifo7']],
  [' --jobserver-auth=fifo:/tmp/a\\\\b', ['fifo:/tmp/a\\b']],
  [' --jobserver-auth=3,4 -- X=a\\ --jobserver-auth=9,9', ['3,4']],
  [' --jobserver-auth=3,4 -- --jobserver-auth=9,9', ['3,4']],
  [' --eval=x\\ --jobserver-auth=9,9 --jobserver-auth=3,4', ['3,4']],
  [' --jobserver-auth=3,4 --eval=x\\ --jobserver-auth=9,9', ['3,4']],
  [' --jobserver-authority=3,4', []],
  [' --jobserver-style=pipe', []],
  [' x--jobserver-auth=3,4', []],
])('%o has the auths %o', (value, auths) => expect(findAuths(parseMakeFlags(value))).toEqual(auths));

describe('findJobCount', () => {
  test.each([
    ['', undefined],
    [' -j4', 4],
    [' --jobs=4', 4],
    [' -j4 -j8', 8],
    ['k -j16 --jobserver-auth=3,4', 16],
    [' -j', undefined],
    [' --jobs', undefined],
    [' --jobserver-fds=3,4 -j', undefined],
    [' -- -j4', undefined],
    [' -Ij4', undefined],
    // As users write it.
    ['-j 4', 4],
    ['--jobs 4', 4],
    ['-kj4', 4],
    ['j4', 4],
    ['kj4', 4],
  ])('%o says %o', (value, jobs) => expect(findJobCount(parseMakeFlags(value))).toBe(jobs));
});

describe('isDryRun', () => {
  test.each([
    'n',
    'q',
    't',
    'kn',
    'nkw',
    ' n',
    '-n',
    ' -n',
    '-kn',
    'k -n',
    ' -k -q',
    'kt -j4 --jobserver-auth=3,4 -- X=1',
    'nIdir',
    '--dry-run',
    '--just-print',
    '--recon',
    '--question',
    ' -j4 --touch',
    'n -- X=1',
  ])('of %o', (value) => expect(isDryRun(parseMakeFlags(value))).toBe(true));

  test.each([
    '',
    ' ',
    'k',
    'kwsBeirR',
    ' -j4 --jobserver-auth=3,4',
    ' -Otarget',
    'Otarget',
    'k -Onone',
    'kOtarget',
    ' -In',
    ' -In -j4',
    ' -I n',
    ' -I-n',
    ' -I-n\\ -q',
    ' -kIn',
    ' -l2',
    ' -Wnqt',
    ' -fnqt',
    ' --no-print-directory',
    ' --no-builtin-rules --warn-undefined-variables',
    ' --no-silent',
    ' --eval=n',
    ' --eval=X=\\ -n',
    ' --jobserver-auth=fifo:/tmp/n',
    ' --sync-mutex=fnm:/tmp/n',
    'X=n',
    'nqt=1',
    ' -- n',
    ' -- X=-n',
    ' -- X=a\\ -n',
    'k -- X=a\\ --dry-run',
    ' -- -n',
    'k n',
  ])('not of %o', (value) => expect(isDryRun(parseMakeFlags(value))).toBe(false));
});

describe('mergeMakeFlags', () => {
  const pool = { jobs: 8, auth: 'fifo:/p' };
  const us = '-j8 --jobserver-auth=fifo:/p';

  test.each([
    ['', ` ${us}`, ''],
    [' ', ` ${us}`, ''],
    ['kw', `kw ${us}`, 'kw'],
    ['-k', ` ${us} -k`, ' -k'],
    [' -k -Ia\\ b', ` ${us} -k -Ia\\ b`, ' -k -Ia\\ b'],
    ['-j4', ` ${us}`, ''],
    ['-j 4', ` ${us}`, ''],
    ['-j 4 -k', ` ${us} -k`, ' -k'],
    ['--jobs=4', ` ${us}`, ''],
    ['--jobs 4 -k', ` ${us} -k`, ' -k'],
    ['-j -k', ` ${us} -k`, ' -k'],
    ['-kj4', ` ${us} -k`, ' -k'],
    ['-kj 4 -s', ` ${us} -k -s`, ' -k -s'],
    ['j4', ` ${us}`, ''],
    ['j', ` ${us}`, ''],
    ['kj4', `k ${us}`, 'k'],
    // As in make itself, a number after j is its argument.
    ['j 4', ` ${us}`, ''],
    ['kj 4 -s', `k ${us} -s`, 'k -s'],
    ['k -j4 -j2 --jobserver-auth=3,4', `k ${us}`, 'k'],
    [' -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2', ` ${us}`, ''],
    [' --jobserver-fds=3,4 -j', ` ${us}`, ''],
    [' -j4 --jobserver-auth=fifo:/tmp/a\\ b/f -l2.5', ` ${us} -l2.5`, ' -l2.5'],
    ['k -j4 --jobserver-auth=3,4 -- X=a\\ b Y=2', `k ${us} -- X=a\\ b Y=2`, 'k -- X=a\\ b Y=2'],
    [' -- X=-j4', ` ${us} -- X=-j4`, ' -- X=-j4'],
    [
      ' -- X=a\\ --jobserver-auth=9,9  Y=$$',
      ` ${us} -- X=a\\ --jobserver-auth=9,9  Y=$$`,
      ' -- X=a\\ --jobserver-auth=9,9  Y=$$',
    ],
    [' -Ij4 -I j4 --no-print-directory', ` ${us} -Ij4 -I j4 --no-print-directory`, ' -Ij4 -I j4 --no-print-directory'],
    [' --jobserver-style=fifo', ` ${us} --jobserver-style=fifo`, ' --jobserver-style=fifo'],
    ['X=1 -j4', ` ${us} X=1`, ' X=1'],
    [' --eval=A=1\nB=2 -j4', ` ${us} --eval=A=1\nB=2`, ' --eval=A=1\nB=2'],
  ])('%o', (value, merged, stripped) => {
    expect(merge(value, pool)).toBe(merged);
    expect(merge(value)).toBe(stripped);
  });

  test.each([
    ['', ' -j8 --jobserver-auth=3,4 -- --jobserver-auth=fifo:/p', ''],
    ['k -- X=1  Y=a\\ b', 'k -j8 --jobserver-auth=3,4 -- X=1  Y=a\\ b --jobserver-auth=fifo:/p', 'k -- X=1  Y=a\\ b'],
    // make reverses the order of the variables.
    ['k -- --jobserver-auth=fifo:/q  X=1', 'k -j8 --jobserver-auth=3,4 --  X=1 --jobserver-auth=fifo:/p', 'k --  X=1'],
    [' -- --jobserver-auth=fifo:/q\\ r', ' -j8 --jobserver-auth=3,4 -- --jobserver-auth=fifo:/p', ''],
    // A variable that is not ours.
    [
      ' -- --jobserver-auth=5,6',
      ' -j8 --jobserver-auth=3,4 -- --jobserver-auth=5,6 --jobserver-auth=fifo:/p',
      ' -- --jobserver-auth=5,6',
    ],
  ])('%o with a path behind the pair', (value, merged, stripped) => {
    const pair = { jobs: 8, auth: '3,4', tailAuth: 'fifo:/p' };
    expect(merge(value, pair)).toBe(merged);
    expect(merge(merged, pair)).toBe(merged);
    expect(findTailAuth(parseMakeFlags(merged))).toBe('fifo:/p');
    expect(merge(merged)).toBe(stripped);
    expect(merge(merged, pool)).toBe(merge(stripped, pool));
  });

  test.each([
    ['fifo:/a b', 'fifo:/a\\ b'],
    ['fifo:/a\\b', 'fifo:/a\\\\b'],
    ['fifo:/a\tb', 'fifo:/a\\\tb'],
    ['fifo:/a$b', 'fifo:/a$$b'],
    ['fifo:/a$$b', 'fifo:/a$$$$b'],
    ['fifo:/a\'b"', 'fifo:/a\'b"'],
    ['3,4', '3,4'],
  ])('quotes the auth %o as make does', (auth, quoted) =>
    expect(merge('', { jobs: 2, auth })).toBe(` -j2 --jobserver-auth=${quoted}`),
  );
});

const anyAuth = fc.oneof(
  anyText.map((text) => ({ kind: 'fifo' as const, path: `/${text}` })),
  fc.record({ kind: fc.constant('pair' as const), read: fc.nat(99), write: fc.nat(99) }),
);

/** Options that have nothing to do with jobs, as make writes them. */
const otherOption = fc.oneof(
  fc.constantFrom('-k', '-Otarget', '--no-print-directory', '-l2.5', '--warn-undefined-variables', '-s', '--trace'),
  anyText.map((text) => `-I${quoteAsMake(text)}`),
  anyText.map((text) => `--eval=${quoteAsMake(text)}`),
);

/** Options about jobs, as one or two words. */
const jobOption = fc.oneof(
  fc.constantFrom('-j4', '-j', '-j 4', '--jobs=4', '--jobs 4', '--jobserver-fds=3,4', '--jobserver-auth=-2,-2'),
  anyAuth.map((auth) => `--jobserver-auth=${quoteAsMake(formatAuth(auth))}`),
);

const definition = fc
  .tuple(fc.constantFrom('X', 'CFLAGS'), anyText)
  .map(([name, text]) => quoteAsMake(`${name}=${text}`));

/** A value of MAKEFLAGS, and the part of it that has nothing to do with jobs. */
const makeFlags = fc
  .record({
    letters: fc.constantFrom('', 'k', 'kw', 'n'),
    options: fc.array(
      fc.oneof(
        otherOption.map((text) => ({ text, kept: true })),
        jobOption.map((text) => ({ text, kept: false })),
      ),
    ),
    definitions: fc.array(definition, { maxLength: 3 }),
  })
  .map(({ letters, options, definitions }) => {
    const tail = definitions.length > 0 ? ['--', ...definitions] : [];
    const kept = options.filter((option) => option.kept).map(({ text }) => text);
    return {
      value: [letters, ...options.map(({ text }) => text), ...tail].join(' '),
      others: [letters, ...kept, ...tail].join(' '),
    };
  });

describe('for any MAKEFLAGS', () => {
  test('parseMakeFlags undoes quoteWord', () => {
    const word = anyText.filter((text) => text !== '' && text !== '--');
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const { words: parsed, tail } = parseMakeFlags(words.map(quoteWord).join(' '));
        // `$` stays doubled: make expands MAKEFLAGS before it splits it.
        expect(parsed.map(({ text }) => text.replaceAll('$$', '$'))).toEqual(words);
        expect(tail).toBe('');
      }),
    );
  });

  test('merging puts our auth where it counts, and keeps all others', () => {
    fc.assert(
      fc.property(makeFlags, anyAuth, fc.integer({ min: 1, max: 4096 }), ({ value, others }, auth, jobs) => {
        const merged = merge(value, { jobs, auth: formatAuth(auth) });
        const flags = parseMakeFlags(merged);
        expect(findAuths(flags).map(parseAuth)).toEqual([auth]);
        expect(findJobCount(flags)).toBe(jobs);
        expect(merge(merged)).toBe(others);
      }),
    );
  });

  test('merging twice is merging once, and the last pool counts', () => {
    fc.assert(
      fc.property(makeFlags, anyAuth, anyAuth, ({ value }, one, other) => {
        const pool = { jobs: 4, auth: formatAuth(one) };
        const merged = merge(value, pool);
        expect(merge(merged, pool)).toBe(merged);
        expect(merge(merge(value, { jobs: 9, auth: formatAuth(other) }), pool)).toBe(merged);
      }),
    );
  });

  test('stripping leaves no auth and no job, and all else word for word', () => {
    fc.assert(
      fc.property(makeFlags, ({ value, others }) => {
        const stripped = merge(value);
        expect(stripped).toBe(others);
        expect(findAuths(parseMakeFlags(stripped))).toEqual([]);
      }),
    );
  });

  test('merging and stripping do not change whether it is a dry run', () => {
    fc.assert(
      fc.property(makeFlags, ({ value, others }) => {
        const dry = isDryRun(parseMakeFlags(others));
        expect(isDryRun(parseMakeFlags(value))).toBe(dry);
        expect(isDryRun(parseMakeFlags(merge(value, { jobs: 2, auth: '3,4' })))).toBe(dry);
      }),
    );
  });
});
