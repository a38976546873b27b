import { execFileSync, type StdioOptions } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { formatOpenPair, formatSh } from '../../src/shell/sh.js';

const STDIO: StdioOptions = ['ignore', 'pipe', 'inherit'];

/** Makes a folder that is removed after the test. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'js-sh-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

test.each([
  [{}, ''],
  [{ A: '1' }, 'export A=1\n'],
  [{ A: '' }, "export A=''\n"],
  [{ A: undefined }, 'unset A\n'],
  [{ A: 'a b', B: undefined, C: 'c' }, "export A='a b'\nunset B\nexport C=c\n"],
])('%o is %o', (changes, code) => expect(formatSh(changes)).toBe(code));

/** Texts that shells could interpret. */
const HOSTILE = [
  '',
  ' ',
  '\n',
  'a\n',
  '\na\n\n',
  '\t',
  "'",
  '"',
  '\\',
  '\\\\',
  'a\\',
  "\\'",
  "'\\''",
  '$HOME',
  '${HOME',
  '$(echo no)',
  '`echo no`',
  '$',
  '$$',
  '!',
  '!!',
  "it's !",
  '"it\'s" !$',
  '~',
  '~/x',
  'a:~:~root',
  'C:\\x',
  'C:~',
  'C:',
  '*',
  '/*',
  '?[a-z]*',
  '{a,b}',
  '{1..3}',
  'a=b',
  '=ls',
  '==',
  '#',
  'a #b',
  '^',
  '%1',
  '&&',
  ';',
  '|',
  '<x>y',
  '(a)',
  '-n',
  '-',
  '+x',
  '[[',
  'a\rb',
  '\v\f\b\u001b',
  '\u0001\u007f\u0080',
  '\u00a0\u2028\u3000',
  'ä€😀',
  'с\u0081\u0088',
  'export X=1; unset Y',
  ' -j4 --jobserver-auth=fifo:/tmp/it\'s\\ a\\ "b"$$c!/f -- X=a\\\\b',
];

/** Shells, with options that change how they interpret text. */
const SHELLS: [string, string[]][] = [
  ['dash', []],
  ['bash', ['--norc']],
  ['zsh', ['-f']],
  ['sh', []],
  ['bash', ['--norc', '--posix']],
  ['bash', ['--norc', '-H', '-o', 'history', '-O', 'extglob', '-O', 'nullglob', '-O', 'failglob']],
  ['zsh', ['--emulate', 'sh', '-f']],
  [
    'zsh',
    ['-f', '-o', 'rcquotes', '-o', 'extendedglob', '-o', 'shwordsplit', '-o', 'globassign', '-o', 'magicequalsubst'],
  ],
  ['ksh', []],
  ['mksh', []],
  ['yash', []],
  ['busybox', ['sh']],
];

/** Shells whose programs inherit no descriptor above 2 that exec has opened (ksh(1), "Input/Output"). */
const KEEP_DESCRIPTORS = ['ksh', 'mksh'];

describe.each(SHELLS)('%s %j', (shell, options) => {
  /** Runs the code as eval "$(js-env)" does, and returns what the shell has in its variables then. */
  function roundTrip(folder: string, values: readonly string[]): string[] {
    const names = values.map((_, index) => `V${index}`);
    const changes = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    writeFileSync(join(folder, 'code'), formatSh(changes));
    // printenv prints what is exported, printf what the shell itself sees.
    writeFileSync(
      join(folder, 'script'),
      `eval "$(cat code)"
       printf '%s\\0' ${names.map((name) => `"$${name}"`).join(' ')}
       printenv -0 ${names.join(' ')}`,
    );
    const env = { PATH: process.env.PATH, HOME: '/home', LC_ALL: 'C.UTF-8' };
    const output = execFileSync(shell, [...options, 'script'], { cwd: folder, env, encoding: 'utf8', stdio: STDIO });
    return output.split('\0').slice(0, -1);
  }

  test.each(HOSTILE)('reads %j back', (value) => {
    expect(roundTrip(makeFolder(), [value])).toEqual([value, value]);
  });

  test('reads any text back', () => {
    const folder = makeFolder();
    const unit = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...'\'"\\$`!~:= \n\t#*?[]{}()<>|&;^%@-+,aC') },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }) },
    );
    const value = fc.string({ unit, maxLength: 20 }).filter((text) => !text.includes('\0'));
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 100, size: 'max' }), (values) => {
        expect(roundTrip(folder, values)).toEqual([...values, ...values]);
      }),
      { numRuns: 20 },
    );
  });

  test('unsets what is removed', () => {
    const code = formatSh({ A: undefined, B: 'new', C: undefined });
    const env = { PATH: process.env.PATH, A: 'a', B: 'b' };
    const output = execFileSync(shell, [...options, '-euc', `${code} env`], { env, encoding: 'utf8', stdio: STDIO });
    expect(output.match(/^[ABC]=.*$/gm)).toEqual(['B=new']);
  });

  test.each(['fifo', 'a b', "it's", '"$HOME"', '\\', '~', 'a\nb', '-x', '!x', '*'])(
    'opens the FIFO %j, which nobody else has open',
    (name) => {
      const folder = makeFolder();
      const path = join(folder, name);
      execFileSync('mkfifo', [path]);
      const code = formatOpenPair({ fd: 8, path }, { fd: 9, path });
      // Programs of such a shell inherit them only by a redirection: js-run opens a pair of its own for make.
      const hand = KEEP_DESCRIPTORS.includes(shell) ? '8<&8 9>&9' : '';
      const script = `eval "$(cat code)"; echo hello >&9; read x <&8; echo "$x"
        readlink /proc/self/fd/8 /proc/self/fd/9 ${hand}`;
      writeFileSync(join(folder, 'code'), code);
      const started = { cwd: folder, encoding: 'utf8', stdio: STDIO, timeout: 20_000 } as const;
      expect(execFileSync(shell, [...options, '-c', script], started)).toBe(`hello\n${path}\n${path}\n`);
    },
  );
});
