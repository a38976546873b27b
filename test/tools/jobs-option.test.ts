import { describe, expect, test } from 'vitest';
import { findInvokedTool, leavesPool } from '../../src/tools/invoked-tool.js';
import { findJobsOptions, replaceJobs } from '../../src/tools/jobs-option.js';
import { findTool, type Style, type Tool } from '../../src/tools/table.js';

/** Returns the row of a tool that has one. */
const rowOf = (name: string): Tool => findTool(name) ?? expect.fail(`no row of ${name}`);

/** Returns whether a word is the option of a tool for a number of jobs. */
const isJobsOption = (name: string, word: string): boolean | undefined => rowOf(name).jobsOption?.test(word);

describe('the option for a number of jobs', () => {
  test.each(['make', 'ninja', 'samu', 'ctest'])('is known for %s', (name) => {
    for (const word of ['-j', '-j4', '-j16', '--parallel', '--parallel=4', '--jobs', '--jobs=4'])
      expect(isJobsOption(name, word), word).toBe(true);
  });

  test.each<[string, string[]]>([
    ['make', ['-kj4', '-kj', '-skj16', '-Bnj2']],
    ['ninja', ['-vj4', '-nj', '-vnj16']],
    ['samu', ['-vj4', '-nj']],
    ['ctest', ['-Vj4', '-VVj']],
  ])('is known for %s behind other letters', (name, words) => {
    for (const word of words) expect(isJobsOption(name, word), word).toBe(true);
  });

  test.each(['make', 'ninja', 'samu', 'ctest'])('is nothing else for %s', (name) => {
    const words = ['', '-', '--', 'j', 'j4', 'obj', 'all', '-k', '--jobserver-auth=3,4', '--jobs4', '--no-jobs'];
    for (const word of [...words, 'X=-j4', ' -j4', '-j4 ', '-j4\n', '-j4x', '--just-print', '---jobs', '-C'])
      expect(isJobsOption(name, word), word).toBe(false);
  });

  // The rest of the word is the argument of these letters.
  test.each([
    ['make', 'CEIWfo'],
    ['ninja', 'Cfkldtw'],
    ['samu', 'Cfkldtw'],
    ['ctest', 'CDEILRST'],
  ])('is not the j in an argument of %s', (name, letters) => {
    for (const letter of letters) {
      for (const word of [`-${letter}j`, `-${letter}j4`, `-${letter}obj`, `-v${letter}obj`, `-${letter}obj4`])
        expect(isJobsOption(name, word), word).toBe(false);
    }
  });

  test.each<[string, boolean]>([
    ['-j', true],
    ['-j8', true],
    ['-J4', true],
    ['-jauto', true],
    ['--jobs', true],
    ['--jobs=8', true],
    ['--jobs-try=2', true],
    ['--jobs-force=auto', true],
    ['-us', false],
    ['--jobs8', false],
    ['-jall', false],
  ])('of dpkg-buildpackage, %s: %j', (word, expected) =>
    expect(isJobsOption('dpkg-buildpackage', word)).toBe(expected),
  );

  test.each(['cargo', 'rustc', 'gcc'])('is not there for %s', (name) => expect(rowOf(name).jobsOption).toBeUndefined());
});

test('the option of go is -p', () => {
  for (const word of ['-p', '-p=8', '--p', '--p=8']) expect(isJobsOption('go', word), word).toBe(true);
  for (const word of ['-parallel', '-p8', 'p', '-o', '-j4', '-pkgdir', '---p'])
    expect(isJobsOption('go', word), word).toBe(false);
});

describe('findJobsOptions() of', () => {
  test.each<[string[], string[], number]>([
    [['make'], [], 0],
    [['make', 'all', '-k'], [], 0],
    [['make', '-k', '-j4', 'all'], ['-j4'], 4],
    [['make', 'all', '-j', '4'], ['-j 4'], 4],
    [['make', 'all', '-j', 'all'], ['-j'], Infinity],
    [['make', '--jobs=4', '-j8'], ['--jobs=4', '-j8'], 8],
    [['make', '--jobs', '4'], ['--jobs 4'], 4],
    [['make', '--jobs=', '4'], ['--jobs='], Infinity],
    [['make', '-Cobj', '-kj3'], ['-kj3'], 3],
    [['ninja', '-j0'], ['-j0'], Infinity],
    [['make', '-j'], ['-j'], Infinity],
    // The program itself is no option, whatever its name is.
    [['-j4'], [], 0],
    [['-j4', '-j5'], ['-j5'], 5],
  ])('%j is %j, and %d counts', (words, texts, count) => {
    const options = findJobsOptions(words, rowOf('make').jobsOption ?? /x/);
    expect(options.map(({ text }) => text)).toEqual(texts);
    expect(options.at(-1)?.count ?? 0).toBe(count);
  });

  test.each<[string[], string[], string[]]>([
    [
      ['make', '-k', '-j4', 'all'],
      ['make', '-k', '-j2', 'all'],
      ['make', '-k', 'all'],
    ],
    [
      ['make', '-j', '4', 'all'],
      ['make', '-j2', 'all'],
      ['make', 'all'],
    ],
    [
      ['make', '-kj4'],
      ['make', '-kj2'],
      ['make', '-k'],
    ],
    [
      ['make', '-kj', '4'],
      ['make', '-kj2'],
      ['make', '-k'],
    ],
    [['make', '--jobs=4', '--parallel', '8'], ['make', '-j2', '-j2'], ['make']],
    [['make', '-j'], ['make', '-j2'], ['make']],
    [
      ['make', 'all'],
      ['make', 'all'],
      ['make', 'all'],
    ],
  ])('%j with two is %j, with none %j', (words, two, none) => {
    const options = findJobsOptions(words, rowOf('make').jobsOption ?? /x/);
    expect(replaceJobs(words, options, 2)).toEqual(two);
    expect(replaceJobs(words, options, undefined)).toEqual(none);
  });
});

describe('a command line', () => {
  test.each([
    ['go build -p 8 ./...', '-p 8', 'go build -p=2 ./...'],
    ['go test ./... --p=8 -args -p 9', '--p=8', 'go test ./... -p=2 -args -p 9'],
    ['go run -race -p 8 ./cmd -p 9', '-p 8', 'go run -race -p=2 ./cmd -p 9'],
    ['go run main.go -p 9', undefined, 'go run main.go -p 9'],
    ['go build -o ./p -parallel 3', undefined, 'go build -o ./p -parallel 3'],
  ])('%j has %j, and with two is %j', (line, text, two) => {
    const words = line.split(' ');
    const invoked = findInvokedTool(words);
    expect(invoked?.jobsOptions.at(-1)?.text).toBe(text);
    expect(replaceJobs(words, invoked?.jobsOptions ?? [], 2).join(' ')).toBe(two);
  });

  test.each<[string[], boolean]>([
    [['make', '-k', '--', '-j4'], false],
    [['make', '-j2', '--', '-j4'], true],
    [['make', 'all'], false],
  ])('%j leaves the pool: %s', (words, expected) => {
    for (const styles of [['pair'], ['old-pair'], ['fifo', 'pair'], []] satisfies Style[][])
      expect(leavesPool(rowOf('make'), styles, words)).toBe(expected);
  });

  // ctest 3.29 takes a slot for each of its tests also with a -j.
  test.each<[string, Style[], boolean]>([
    ['ctest', ['fifo', 'pair'], false],
    ['ctest', [], true],
    ['ninja', ['fifo'], true],
    ['ninja', [], true],
    ['samu', [], true],
    ['cargo', ['fifo', 'pair'], false],
    ['go', [], false],
  ])('%s -j4 that understands %j leaves the pool: %s', (name, styles, expected) =>
    expect(leavesPool(rowOf(name), styles, [name, '-j4'])).toBe(expected),
  );
});
