import { describe, expect, test } from 'vitest';
import { makeFill } from '../../src/each/fill-command.js';
import { fillTemplate, parseTemplate } from '../../src/each/template.js';

const job = (items: readonly string[]) => ({ items, number: 7, slot: 3 });
const fill = (words: readonly string[], items: readonly string[], replace?: string) =>
  fillTemplate(parseTemplate(words, { replace, hasCount: false }), job(items));

/** What GNU parallel 20221122 makes of an item: {} {.} {/} {//} {/.} */
describe('the parts of an item', () => {
  test.each([
    ['dir/sub/f.tar.gz', 'dir/sub/f.tar', 'f.tar.gz', 'dir/sub', 'f.tar'],
    ['a', 'a', 'a', '.', 'a'],
    ['', '', '', '.', ''],
    ['.hidden', '', '.hidden', '.', ''],
    ['.a.b', '.a', '.a.b', '.', '.a'],
    ['dir/.hidden', 'dir/', '.hidden', 'dir', ''],
    ['dir.d/file', 'dir.d/file', 'file', 'dir.d', 'file'],
    ['dir/', 'dir/', '', '.', ''],
    ['/', '/', '', '/', ''],
    ['//', '//', '', '/', ''],
    ['/x.y', '/x', 'x.y', '/', 'x'],
    ['a.', 'a', 'a.', '.', 'a'],
    ['./x.c', './x', 'x.c', '.', 'x'],
    ['x/..', 'x/.', '..', 'x', '.'],
  ])('%o', (item, stem, base, folder, name) =>
    expect(fill(['{}', '{.}', '{/}', '{//}', '{/.}'], [item])).toEqual([item, stem, base, folder, name]),
  );
});

describe('a command line', () => {
  test.each([
    // Replacement strings may be anywhere, the program's name included.
    [['p', '{}'], ['a'], ['p', 'a']],
    [['p', 'x{}y{}'], ['a'], ['p', 'xaya']],
    [['{}', 'x'], ['a'], ['a', 'x']],
    [['p', '{#}', '{%}', '{#}-{%}'], ['a'], ['p', '7', '3', '7-3']],
    // Without any, the items follow.
    [['p'], ['a'], ['p', 'a']],
    [
      ['p', 'x', ''],
      ['a', 'b'],
      ['p', 'x', '', 'a', 'b'],
    ],
    [['p', '{#}'], ['a'], ['p', '7']],
    // What is put in is not looked at again.
    [['p', '{}', '{#}'], ['{#}{}'], ['p', '{#}{}', '7']],
    // An argument with {} is there for each item, others once.
    [
      ['p', '{}', 'z'],
      ['a', 'b c'],
      ['p', 'a', 'b c', 'z'],
    ],
    [
      ['p', 'x{}y', '{1}z'],
      ['a', 'b c'],
      ['p', 'xay', 'xb cy', 'az'],
    ],
    [
      ['p', 'x{}y{/}z'],
      ['a/1', 'b/2'],
      ['p', 'xa/1y1z', 'xb/2y2z'],
    ],
    [
      ['p', '{}{#}{1}', '{#}{1}'],
      ['a', 'b'],
      ['p', 'a7a', 'b7a', '7a'],
    ],
    [
      ['p', '{//}'],
      ['a/1', 'b/2'],
      ['p', 'a', 'b'],
    ],
    // Positions; one that has no item is empty.
    [
      ['p', '{2}{1}', '{-1}', '{-2}'],
      ['a', 'b'],
      ['p', 'ba', 'b', 'a'],
    ],
    [
      ['p', '{1.}', '{2/}', '{2//}', '{2/.}'],
      ['a.c', 'd/b.c'],
      ['p', 'a', 'b.c', 'd', 'b'],
    ],
    [['p', '{1}-{2}', '{3}'], ['a'], ['p', 'a-', '']],
    // What is no replacement string.
    [
      ['p', '{1}{', '{ }', '{3a}', '{##}', '{..}', '{+/}', '{0}', '{-0}'],
      ['a.b'],
      ['p', 'a.b{', '{ }', '{3a}', '{##}', '{..}', '{+/}', '{0}', '{-0}'],
    ],
    [['p', '{{}}', '{{.}}', '{}}'], ['a.b'], ['p', '{a.b}', '{a}', 'a.b}']],
  ])('%j with %j is %j', (words, items, filled) => expect(fill(words, items)).toEqual(filled));

  test.each([
    ['R', ['p', 'xRy', '{}', '{.}'], ['a.c'], ['p', 'xa.cy', '{}', 'a']],
    ['R', ['p', '{}'], ['a'], ['p', '{}', 'a']],
    ['.*', ['p', '.*', 'xy'], ['a'], ['p', 'a', 'xy']],
    ['{.}', ['p', '{.}{/}'], ['a/b.c'], ['p', 'a/b.cb.c']],
    ['a', ['p', 'aa{#}'], ['x'], ['p', 'xx7']],
    ['$&', ['p', '$&'], ['x'], ['p', 'x']],
  ])('-I %s: %j with %j is %j', (replace, words, items, filled) => expect(fill(words, items, replace)).toEqual(filled));

  test('needs a replacement string that is not empty', () =>
    expect(() => parseTemplate(['p'], { replace: '', hasCount: false })).toThrow(
      expect.objectContaining({ kind: 'usage', message: '-I: the replacement string must not be empty' }),
    ));
});

describe('the number of slots', () => {
  const withCount = (words: readonly string[], slots: number | undefined, hasCount = true) =>
    fillTemplate(parseTemplate(words, { replace: undefined, hasCount }), { ...job(['a{n}']), slots });

  test.each([
    [['p', '-j{n}', '{}'], 4, ['p', '-j4', 'a{n}']],
    [['p', '{n}'], 2, ['p', '2', 'a{n}']],
    [['p', '{n}{}{#}'], undefined, ['p', '{n}a{n}7']],
  ])('is in place of {n}: %j with %o is %j', (words, slots, filled) => expect(withCount(words, slots)).toEqual(filled));

  test('is not, if nobody asked for a number', () =>
    expect(withCount(['p', '{n}'], 2, false)).toEqual(['p', '{n}', 'a{n}']));
});

describe('a command line for a shell', () => {
  test.each([
    [['echo {} | wc'], ['a b'], "echo 'a b' | wc"],
    [['echo', '$HOME', 'x  y'], ['$HOME'], 'echo $HOME x  y \\$HOME'],
    [['echo {} x{}y | cat'], ['a', 'b  c'], "echo a 'b  c' xay x'b  c'y | cat"],
    [['echo {#} {1}'], ["it's"], 'echo 7 "it\'s"'],
    [['echo {2}'], ['a'], "echo ''"],
  ])('%j with %j is %o', async (words, items, text) =>
    expect((await makeFill(words, { replace: undefined, hasCount: false }, true))(job(items))).toEqual([
      'sh',
      '-c',
      text,
    ]),
  );
});
