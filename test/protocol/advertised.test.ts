import { describe, expect, test } from 'vitest';
import { findAdvertised } from '../../src/protocol/advertised.js';

const find = (env: Record<string, string>) => findAdvertised((name) => env[name]);

describe('the variable that counts', () => {
  const [good, other, third] = ['--jobserver-auth=fifo:/a', '--jobserver-auth=fifo:/b', '--jobserver-auth=fifo:/c'];
  test.each([
    ['MAKEFLAGS', { MAKEFLAGS: good, CARGO_MAKEFLAGS: other, MFLAGS: third }, 'fifo:/a'],
    ['CARGO_MAKEFLAGS', { CARGO_MAKEFLAGS: other, MFLAGS: third }, 'fifo:/b'],
    ['CARGO_MAKEFLAGS', { MAKEFLAGS: 'kw', CARGO_MAKEFLAGS: other }, 'fifo:/b'],
    ['CARGO_MAKEFLAGS', { MAKEFLAGS: '', CARGO_MAKEFLAGS: other }, 'fifo:/b'],
    ['CARGO_MAKEFLAGS', { MAKEFLAGS: ' -j4 -- X=--jobserver-auth=3,4', CARGO_MAKEFLAGS: other }, 'fifo:/b'],
    ['MFLAGS', { MFLAGS: third }, 'fifo:/c'],
    // The first that advertises a pool counts, even if another one's pool could be joined.
    ['MAKEFLAGS', { MAKEFLAGS: '--jobserver-auth=nonsense', MFLAGS: third }, 'nonsense'],
  ])('is %s of %o', (variable, env, text) => expect(find(env)).toMatchObject({ variable, text }));

  test.each([
    {},
    { MAKEFLAGS: '' },
    { MAKEFLAGS: ' -j4' },
    { GNUMAKEFLAGS: good },
    { MAKEFLAGS: ' -- --jobserver-auth=3,4' },
    { MAKEFLAGS: ` -- X=a\\ ${good}` },
  ])('is none of %o', (env: Record<string, string>) => expect(find(env)).toBeUndefined());
});

test.each([
  [' -j4 --jobserver-auth=3,4', { auth: { kind: 'pair', read: 3, write: 4 }, closed: undefined, jobs: 4 }],
  [
    ' -j4 --jobserver-auth=3,4 --jobserver-auth=-2,-2',
    { auth: { kind: 'closed' }, closed: { kind: 'pair', read: 3, write: 4 } },
  ],
  [
    ' --jobserver-auth=3,4 --jobserver-auth=5,6 --jobserver-auth=-2,-2',
    { auth: { kind: 'closed' }, closed: { kind: 'pair', read: 5, write: 6 }, jobs: undefined },
  ],
  [' --jobserver-auth=-2,-2', { auth: { kind: 'closed' }, closed: undefined }],
  [' --jobserver-auth=-2,-2 --jobserver-auth=3,4', { auth: { kind: 'pair', read: 3, write: 4 }, closed: undefined }],
  [' --jobserver-fds=3,4 -j', { text: '3,4', auth: { kind: 'pair', read: 3, write: 4 }, jobs: undefined }],
  [
    ' -j4 --jobserver-auth=3,4 -- A=1 --jobserver-auth=fifo:/a\\ b',
    { text: '3,4', auth: { kind: 'pair', read: 3, write: 4 }, path: '/a b', jobs: 4 },
  ],
  // A make that found its pair closed exports this.
  [
    's -j1 -- --jobserver-auth=fifo:/p',
    { text: 'fifo:/p', auth: { kind: 'fifo', path: '/p' }, path: '/p', jobs: undefined },
  ],
  [
    ' -j4 --jobserver-auth=-2,-2 -- --jobserver-auth=fifo:/p',
    { auth: { kind: 'closed' }, closed: undefined, path: '/p' },
  ],
  ['-j --jobserver-fds=fifo:/p --jobserver-auth=fifo:/p', { text: 'fifo:/p', auth: { kind: 'fifo', path: '/p' } }],
])('%o advertises %o', (value, advertised) => expect(find({ MAKEFLAGS: value })).toMatchObject(advertised));
