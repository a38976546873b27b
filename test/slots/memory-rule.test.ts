import { describe, expect, test } from 'vitest';
import { countUnused, type MemoryUser, mustWait } from '../../src/slots/memory-rule.js';

function user(reservedBytes: number, usedBytes: number, more: Partial<MemoryUser> = {}): MemoryUser {
  return { reservedBytes, usedBytes, within: undefined, isAbove: false, state: 'runs', ...more };
}

/** A claim, and those that run in it. */
const nested = (outer: MemoryUser, ...inner: MemoryUser[]): MemoryUser[] => [
  ...inner.map((each) => ({ ...each, within: outer })),
  outer,
];

const above = { isAbove: true };

describe('what is reserved and not used', () => {
  test.each<[string, MemoryUser[], number]>([
    ['nobody', [], 0],
    ['one that uses a part', [user(10, 4)], 6],
    ['one that uses more', [user(10, 14)], 0],
    ['several', [user(10, 4), user(5, 9), user(3, 0)], 9],
    ['one that we run in', [user(10, 4, above)], 0],
    ['one inside another', nested(user(10, 0), user(4, 0)), 10],
    ['one inside that uses it', nested(user(10, 4), user(4, 4)), 6],
    ['one inside that wants more than is left', nested(user(10, 8), user(4, 0)), 4],
    ['two inside', nested(user(10, 2), user(6, 0), user(5, 1)), 10],
    ['one beside us, in what we run in', nested(user(10, 4, above), user(5, 1)), 4],
    ['one inside, and one beside both', [...nested(user(10, 4), user(5, 4)), user(2, 0)], 8],
  ])('%s', (_, users, bytes) => expect(countUnused(users)).toBe(bytes));

  test('of one in one in one', () => {
    const outermost = user(10, 9);
    const outer = user(8, 2, { within: outermost });
    expect(countUnused([user(7, 0, { within: outer }), outer, outermost])).toBe(7);
  });
});

describe('a wait', () => {
  test.each<[string, MemoryUser[], boolean, boolean]>([
    ['nobody', [], false, false],
    ['one that runs', [user(1, 0)], true, true],
    ['one that runs and uses all of it', [user(1, 1)], true, true],
    ['one that waits for a slot', [user(1, 0, { state: 'waits' })], true, false],
    ['one in which all wait', [user(1, 0, { state: 'only-waits' })], false, false],
    ['one that we run in', [user(1, 0, above)], false, false],
    ['one beside us, in what we run in', nested(user(1, 0, above), user(1, 0)), true, true],
  ])('for %s', (_, users, outside, inSlot) =>
    expect([false, true].map((isInSlot) => mustWait(users, isInSlot))).toEqual([outside, inSlot]),
  );
});
