import { describe, expect, test } from 'vitest';
import { decideHalt } from '../../src/each/halt-rule.js';
import { parseHalt } from '../../src/each/parse-halt.js';
import type { ProgramEnd } from '../../src/process/exit.js';

describe('parseHalt', () => {
  test.each([
    ['never', undefined],
    ['now', { when: 'now', what: 'fail', count: 1 }],
    ['soon', { when: 'soon', what: 'fail', count: 1 }],
    ['now,fail=1', { when: 'now', what: 'fail', count: 1 }],
    ['soon,fail=3', { when: 'soon', what: 'fail', count: 3 }],
    ['now,success=2', { when: 'now', what: 'success', count: 2 }],
    ['soon,done=10', { when: 'soon', what: 'done', count: 10 }],
    ['soon,fail=20%', { when: 'soon', what: 'fail', percent: 20 }],
    ['now,done=100%', { when: 'now', what: 'done', percent: 100 }],
    ['0', undefined],
    ['1', { when: 'soon', what: 'fail', count: 1 }],
    ['2', { when: 'now', what: 'fail', count: 1 }],
    ['-1', { when: 'soon', what: 'success', count: 1 }],
    ['-2', { when: 'now', what: 'success', count: 1 }],
    ['10%', { when: 'soon', what: 'fail', percent: 10 }],
  ])('%o', (text, halt) => expect(parseHalt(text)).toEqual(halt));

  test.each([
    '',
    '3',
    '-3',
    'Now',
    'never,fail=1',
    'now,',
    'now,fail',
    'now,fail=',
    'now,fail=0',
    'now,fail=-1',
    'now,fail=1.5',
    'now,fail=0%',
    'now,fail=101%',
    'now,fail=1%%',
    'now,fails=1',
    'later,fail=1',
    'now,fail=1,done=2',
    ' now',
    'now,fail=1\n',
    '0%',
    '101%',
    'constructor',
  ])('%o is none', (text) =>
    expect(() => parseHalt(text)).toThrow(
      expect.objectContaining({
        name: 'JobserverError',
        kind: 'usage',
        message: `--halt: '${text}' is not a rule such as never, now,fail=1 or soon,fail=20%`,
      }),
    ),
  );
});

/** Runs jobs with these ends one after another; returns after how many it halts, and the exit status. */
function halt(
  rule: string,
  ends: readonly ProgramEnd[],
  total: number | 'unknown' = ends.length,
): number[] | undefined {
  const counts = { done: 0, failed: 0, succeeded: 0 };
  for (const end of ends) {
    counts.done++;
    if (end === 0) counts.succeeded++;
    else counts.failed++;
    const parsed = parseHalt(rule);
    const status = parsed && decideHalt(parsed, { ...counts, total: total === 'unknown' ? undefined : total }, end);
    if (status !== undefined) return [counts.done, status];
  }
  return undefined;
}

/** As GNU parallel 20221122 does with -j1: after how many jobs, and its exit status. */
describe('decideHalt', () => {
  test.each([
    ['now,fail=1', [0, 9, 3], [2, 9]],
    ['now,fail=1', [0, { signal: 'SIGKILL' }, 3], [2, 137]],
    ['now,fail=3', [1, 0, 4, 5, 6], [4, 3]],
    ['now,success=1', [7, 0, 0], [2, 0]],
    ['now,success=2', [7, 9, 0, 5, 0], [5, 0]],
    ['now,success=2', [7, 9, 0, 5, 3], undefined],
    ['now,done=1', [1, 0], [1, 1]],
    ['now,done=3', [1, 0, 4, 5, 6], [3, 2]],
    ['now,fail=30%', [1, 0, 0], [1, 34]],
    ['now,fail=10%', [1, 0, 0, 0, 0, 0, 0], [1, 15]],
    ['now,fail=50%', [1, 0, 2, 3, 4, 5, 6, 7, 8], [6, 56]],
    ['now,fail=100%', [1, 1], [2, 100]],
    ['now,done=50%', [7, 9, 4, 5, 6], [3, 60]],
    ['now,success=50%', [0, 9, 0, 0, 3], [4, 0]],
    ['never', [1, 1, 1], undefined],
  ] as [string, ProgramEnd[], number[] | undefined][])('%s after %j: %j', (rule, ends, expected) =>
    expect(halt(rule, ends)).toEqual(expected),
  );

  test('does not know a percentage before the last item is read', () =>
    expect(halt('now,fail=10%', [1, 1, 1], 'unknown')).toBeUndefined());
});
