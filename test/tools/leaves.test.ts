import { describe, expect, test } from 'vitest';
import { findLeaving } from '../../src/tools/front.js';
import { findTool, type Style, type Tool } from '../../src/tools/table.js';

/** @returns the row of a tool that is there */
const rowOf = (name: string): Tool => findTool(name) ?? expect.fail(`no row of ${name}`);

const leaves = (name: string, word: string): boolean | undefined => rowOf(name).leaves?.test(word);

describe('a number of jobs of its own', () => {
  test.each(['make', 'ninja', 'samu', 'ctest'])('makes %s leave the pool', (name) => {
    for (const word of ['-j', '-j4', '-j16', '--parallel', '--parallel=4', '--jobs', '--jobs=4'])
      expect(leaves(name, word), word).toBe(true);
  });

  test.each<[string, string[]]>([
    ['make', ['-kj4', '-kj', '-skj16', '-Bnj2']],
    ['ninja', ['-vj4', '-nj', '-vnj16']],
    ['samu', ['-vj4', '-nj']],
    ['ctest', ['-Vj4', '-VVj']],
  ])('makes %s leave the pool behind other letters', (name, words) => {
    for (const word of words) expect(leaves(name, word), word).toBe(true);
  });

  test.each(['make', 'ninja', 'samu', 'ctest'])('is not what makes %s stay', (name) => {
    const words = ['', '-', '--', 'j', 'j4', 'obj', 'all', '-k', '--jobserver-auth=3,4', '--jobs4', '--no-jobs'];
    for (const word of [...words, 'X=-j4', ' -j4', '-j4 ', '-j4\n', '-j4x', '--just-print', '---jobs', '-C'])
      expect(leaves(name, word), word).toBe(false);
  });

  // Of these letters the rest of the word is the argument.
  test.each([
    ['make', 'CEIWfo'],
    ['ninja', 'Cfkldtw'],
    ['samu', 'Cfkldtw'],
    ['ctest', 'CDEILRST'],
  ])('is not the j in an argument of %s', (name, letters) => {
    for (const letter of letters) {
      for (const word of [`-${letter}j`, `-${letter}j4`, `-${letter}obj`, `-v${letter}obj`, `-${letter}obj4`])
        expect(leaves(name, word), word).toBe(false);
    }
  });

  test.each(['cargo', 'rustc', 'gcc', 'go'])('is nothing to %s', (name) => expect(rowOf(name).leaves).toBeUndefined());
});

describe('findLeaving() of', () => {
  test.each<[string[], string | undefined]>([
    [[], undefined],
    [['make'], undefined],
    [['make', 'all', '-k'], undefined],
    [['make', '-k', '-j4', 'all'], '-j4'],
    [['make', 'all', '-j', '4'], '-j'],
    [['make', '--jobs=4', '-j8'], '--jobs=4'],
    [['make', '-Cobj', '-kj3'], '-kj3'],
    [['make', '-k', '--', '-j4'], undefined],
    [['make', '-j2', '--', '-j4'], '-j2'],
    // The program itself is no option, whatever it is called.
    [['-j4'], undefined],
    [['-j4', '-j5'], '-j5'],
  ])('%j is %o', (words, word) => {
    for (const styles of [['pair'], ['old-pair'], ['fifo', 'pair'], []] satisfies Style[][])
      expect(findLeaving(rowOf('make'), styles, words)).toBe(word);
  });

  // ctest 3.29 takes a slot for each of its tests also with a -j.
  test.each<[string, Style[], string | undefined]>([
    ['ctest', ['fifo', 'pair'], undefined],
    ['ctest', [], '-j4'],
    ['ninja', ['fifo'], '-j4'],
    ['ninja', [], '-j4'],
    ['samu', [], '-j4'],
    ['cargo', ['fifo', 'pair'], undefined],
    ['go', [], undefined],
  ])('%s -j4 that understands %j is %o', (name, styles, word) =>
    expect(findLeaving(rowOf(name), styles, [name, '-j4'])).toBe(word),
  );
});
