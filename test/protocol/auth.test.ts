import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Auth, formatAuth, parseAuth } from '../../src/protocol/auth.js';

test.each<[string, Auth]>([
  ['fifo:/tmp/GMfifo7911', { kind: 'fifo', path: '/tmp/GMfifo7911' }],
  ['fifo:/tmp/a b\tc/f', { kind: 'fifo', path: '/tmp/a b\tc/f' }],
  ['fifo:fifo:3,4', { kind: 'fifo', path: 'fifo:3,4' }],
  ['fifo:/dev/steve', { kind: 'fifo', path: '/dev/steve' }],
  // make doubles it, and make 4.4.1 leaves it single in what a recipe gets.
  ['fifo:/tmp/a$$b', { kind: 'fifo', path: '/tmp/a$b' }],
  ['fifo:/tmp/a$b', { kind: 'fifo', path: '/tmp/a$b' }],
  ['3,4', { kind: 'pair', read: 3, write: 4 }],
  ['0,0', { kind: 'pair', read: 0, write: 0 }],
  ['100,200', { kind: 'pair', read: 100, write: 200 }],
  ['-2,-2', { kind: 'closed' }],
  ['-1,4', { kind: 'closed' }],
  ['3,-1', { kind: 'closed' }],
  ['', { kind: 'invalid' }],
  ['fifo:', { kind: 'invalid' }],
  ['FIFO:/tmp/f', { kind: 'invalid' }],
  ['/tmp/f', { kind: 'invalid' }],
  ['3', { kind: 'invalid' }],
  ['3,', { kind: 'invalid' }],
  [',4', { kind: 'invalid' }],
  ['3,4,5', { kind: 'invalid' }],
  ['3, 4', { kind: 'invalid' }],
  [' 3,4', { kind: 'invalid' }],
  ['3,4\n', { kind: 'invalid' }],
  ['+3,4', { kind: 'invalid' }],
  ['3.5,4', { kind: 'invalid' }],
  ['0x3,4', { kind: 'invalid' }],
  ['1e1,4', { kind: 'invalid' }],
  ['--2,4', { kind: 'invalid' }],
  ['3,12345678901', { kind: 'invalid' }],
])('%o is %o', (text, auth) => expect(parseAuth(text)).toEqual(auth));

describe('formatAuth', () => {
  test.each([
    [{ kind: 'fifo', path: '/tmp/a b' } as const, 'fifo:/tmp/a b'],
    [{ kind: 'pair', read: 3, write: 4 } as const, '3,4'],
  ])('of %o', (auth, text) => expect(formatAuth(auth)).toBe(text));

  test('is what parseAuth reads', () => {
    const fd = fc.nat(999_999_999);
    const pair = fc.record({ kind: fc.constant('pair' as const), read: fd, write: fd });
    const path = fc.string({ unit: 'grapheme', minLength: 1 }).filter((text) => !text.includes('$$'));
    const fifo = fc.record({ kind: fc.constant('fifo' as const), path });
    fc.assert(
      fc.property(fc.oneof(pair, fifo), (auth) => {
        expect(parseAuth(formatAuth(auth))).toEqual(auth);
      }),
    );
  });
});
