import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findAdvertised } from '../../src/protocol/advertised.js';
import { formatAuth } from '../../src/protocol/auth.js';
import { findAuths, findJobCount, findTailAuth, isDryRun, parseMakeFlags } from '../../src/protocol/makeflags.js';
import { anyText, merge } from './make-text.js';
import { MAKES, makeFolder, runMake } from './real-make.js';

describe.each(MAKES)('what make %s exports', (version, make) => {
  const auth = version === '4.3' ? /^3,4$/ : /^fifo:\/.*\/js make-.*\/GMfifo\d+$/;

  /** Compares the tail that we parse with the variables that make itself has. */
  function expectTruth(args: string[]): void {
    const first = runMake(make, ['-j3', ...args]);
    const value = first.env.get('MAKEFLAGS') ?? '';
    const flags = parseMakeFlags(value);
    expect(findAuths(flags)).toEqual([expect.stringMatching(auth)]);
    expect(findJobCount(flags)).toBe(3);
    // The same make arrives at the same flags if it has only ours. The lock file of -O in make 4.4 is gone by now.
    const stripped = merge(value).replace(/ --sync-mutex=(\\.|\S)*/, '');
    const again = runMake(make, [], { env: { MAKEFLAGS: stripped } });
    expect(again.stderr).toBe('');
    for (const name of ['X', 'Y']) expect(again.env.get(name)).toBe(first.env.get(name));
    expect(sorted(again.env.get('MAKEFLAGS') ?? '')).toEqual(sorted(stripped));
  }

  /** Every make reverses the order of the variables. */
  const sorted = (value: string) => {
    const { words, tail } = parseMakeFlags(value);
    const definitions = parseMakeFlags(tail.slice(2)).words;
    return [words, definitions].map((list) => list.map(({ raw }) => raw).sort());
  };

  test.each([
    [['X=a --jobserver-auth=9,9']],
    [['X=--jobserver-auth=9,9', 'Y=-j9 --jobserver-fds=8,8']],
    [['X=a\t--jobserver-auth=9,9\tb']],
    [['X=a\\ --jobserver-auth=9,9', 'Y=\\']],
    [['X=\\\\', 'Y=a\\\\\\ b\\']],
    [['X=a$$b $$(HOME) $${x}', 'Y=$(HOME) $$$$']],
    [['X=it\'s "q" `x` $$(y)', "Y='--jobserver-auth=9,9'"]],
    [['X=-- --jobserver-auth=9,9 -- -j9']],
    [['X=-n -q -t n', '-k']],
    [['X=a\n--jobserver-auth=9,9\nb']],
    [['X=ä\u00a0\u2028--jobserver-auth=9,9']],
    [['-k', '-I', 'a --jobserver-auth=9,9', '-I', '-n', 'X=1']],
    [['-I', 'a\\ b', '-I', "it's", '--no-print-directory', '-Otarget', '-l', '99']],
    [['-I', 'a\n--jobserver-auth=9,9', '-I', 'a\u00a0-j9']],
    [['--eval=Y := 1 2\\3', '-s']],
    [['--eval=Y := 1\nX := --jobserver-auth=9,9\n--jobserver-auth=9,9 = 1']],
  ])('for %o is parsed right', (args) => expectTruth(args));

  test('for any variable is parsed right', () => {
    const value = anyText.map((text) => text.replaceAll('$', '$$$$'));
    fc.assert(
      fc.property(value, value, (x, y) => expectTruth([`X=${x}`, `Y=${y}`])),
      { numRuns: 15 },
    );
  });

  test.each([
    [['-n'], true],
    [['-q'], true],
    [['-t'], true],
    [['-k', '-n'], true],
    [['-j3', '--dry-run', 'X=1'], true],
    [['--question'], true],
    [[], false],
    [['-I', 'n', '-I', '-n', '-k'], false],
    [['-Otarget', '-j3'], false],
    [['--no-print-directory', '-w', '-s'], false],
    [['X=-n', 'n=1'], false],
    [['X=a -n', '-k'], false],
    [['--eval=n=1'], false],
  ])('for %o says whether it is a dry run', (args, dry) => {
    const { env } = runMake(make, args);
    expect(isDryRun(parseMakeFlags(env.get('MAKEFLAGS') ?? ''))).toBe(dry);
  });

  test.each([
    ['n', true],
    [' n', true],
    ['k -n', true],
    ['-kq', true],
    ['k n', false],
    ['-Otarget', false],
    ['-I -k -I n', false],
  ])('when it gets MAKEFLAGS=%o does what we read there', (value, dry) => {
    const { env } = runMake(make, [], { env: { MAKEFLAGS: value } });
    // make writes its letters first, all in one word.
    expect(/^[A-Za-z]*[nqt]/.test(env.get('MAKEFLAGS') ?? '')).toBe(dry);
    expect(isDryRun(parseMakeFlags(value))).toBe(dry);
  });
});

describe('what we write', () => {
  const [[, make43], [, make441]] = MAKES;

  /** Makes a FIFO that is open until the test ends: if nobody had it open, make would wait forever. */
  function openFifo(name: string): { path: string; fd: number } {
    const path = join(makeFolder(), name);
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR);
    onTestFinished(() => closeSync(fd));
    return { path, fd };
  }

  test.each([
    'plain',
    'a blank',
    'back\\slash',
    'dollar$x',
    'dol$$lar',
    "quote'd",
    'a\ttab',
    'new\nline',
    'nb\u00a0sp',
  ])('leads make 4.4.1 to the FIFO %o', (name) => {
    const { path } = openFifo(name);
    const merged = merge('k -j9 -- X=a\\ b', { jobs: 3, auth: formatAuth({ kind: 'fifo', path }) });
    const { env, stderr } = runMake(make441, [], { env: { MAKEFLAGS: merged } });
    expect(stderr).toBe('');
    const flags = parseMakeFlags(env.get('MAKEFLAGS') ?? '');
    expect(findAuths(flags)).toEqual([`fifo:${path}`]);
    expect(findJobCount(flags)).toBe(3);
    expect(env.get('X')).toBe('a b');
  });

  test.each(MAKES)('leads make %s to the pair', (_, make) => {
    const { fd } = openFifo('fifo');
    const merged = merge('k -j9 -- X=a\\ b', { jobs: 3, auth: '5,6' });
    const { env, stderr } = runMake(make, [], {
      env: { MAKEFLAGS: merged },
      stdio: ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', fd, fd],
    });
    expect(stderr).toBe('');
    const flags = parseMakeFlags(env.get('MAKEFLAGS') ?? '');
    expect(findAuths(flags)).toEqual(['5,6']);
    expect(env.get('X')).toBe('a b');
  });

  test.each(MAKES)('leads make %s to the pair, and what is below it to the path', (_, make) => {
    const { path, fd } = openFifo('a fifo');
    const tailAuth = `fifo:${path}`;
    const merged = merge('k -- X=a\\ b', { jobs: 3, auth: '5,6', tailAuth });
    const stdio = ['ignore', 'pipe', 'pipe', 'ignore', 'ignore', fd, fd] as const;
    const { env, stderr } = runMake(make, [], { env: { MAKEFLAGS: merged }, stdio: [...stdio] });
    expect(stderr).toBe('');
    const flags = parseMakeFlags(env.get('MAKEFLAGS') ?? '');
    expect([findAuths(flags), findTailAuth(flags), env.get('X')]).toEqual([['5,6'], tailAuth, 'a b']);
    // A program in between has closed the pair.
    const closed = runMake(make, [], { env: { MAKEFLAGS: merged } });
    expect(closed.stderr).toContain('using -j1');
    const left = parseMakeFlags(closed.env.get('MAKEFLAGS') ?? '');
    expect([findAuths(left), findTailAuth(left)]).toEqual([[], tailAuth]);
    // No pair at all.
    const none = runMake(make, [], { env: { MAKEFLAGS: merge('', { jobs: 3, auth: '-2,-2', tailAuth }) } });
    expect(findTailAuth(parseMakeFlags(none.env.get('MAKEFLAGS') ?? ''))).toBe(tailAuth);
  });

  test.each(MAKES)('hides the pool from make %s', (_, make) => {
    const merged = merge('k -j9 --jobserver-auth=5,6 -- X=a\\ b');
    const { env, stderr } = runMake(make, [], { env: { MAKEFLAGS: merged } });
    expect(stderr).toBe('');
    expect(env.get('MAKEFLAGS')).toBe('k -- X=a\\ b');
  });

  test('is refused by make 4.3 if it is a FIFO, so there is a pair', () =>
    expect(runMake(make43, [], { env: { MAKEFLAGS: ' -j2 --jobserver-auth=fifo:/p' } }).stderr).toContain(
      'internal error',
    ));
});

describe.each(MAKES)('a recipe line below make %s', (version, make) => {
  const findTold = (args: string[], prefix: string) => {
    const { env } = runMake(make, args, { prefix });
    return findAdvertised((name) => env.get(name));
  };
  const style = version === '4.3' ? [] : ['--jobserver-style=pipe'];

  test.each([[[]], [['-j1']], [['-k']]])('of make %o gets no pool', (args) =>
    expect(findTold(args, '+')).toBeUndefined(),
  );

  test('with + gets the pair', () =>
    expect(findTold(['-j3', ...style], '+')).toMatchObject({
      variable: 'MAKEFLAGS',
      text: '3,4',
      auth: { kind: 'pair', read: 3, write: 4 },
      jobs: 3,
    }));

  test('without + gets the pair all the same, from 4.4 on with a mark that it is closed', () =>
    expect(findTold(['-j3', ...style], '')).toMatchObject(
      version === '4.3'
        ? { auth: { kind: 'pair', read: 3, write: 4 }, closed: undefined }
        : { auth: { kind: 'closed' }, closed: { kind: 'pair', read: 3, write: 4 } },
    ));
});
