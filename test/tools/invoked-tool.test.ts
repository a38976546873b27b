import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findFront, findOwnJobs } from '../../src/tools/invoked-tool.js';
import { hasShim, isShim, shimFolder } from '../../src/tools/shim-folder.js';
import { findTool } from '../../src/tools/table.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'js-front-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** @returns what findFront() says: the tool by its first name, the word that makes it leave, what holds it to 3 slots */
function front(...words: string[]) {
  const found = findFront(words);
  if (found === undefined) return undefined;
  const { tool, program, bound } = found;
  expect(tool).toBe(findTool(program));
  // As of a version that joins nothing.
  return { tool: tool.names[0], program, leaves: findOwnJobs(found, [])?.text, bound: bound(3) };
}

/** Writes what cmake notes of the generator's program; `DIR` in a command line is that folder. */
function writeCache(...lines: string[]): string {
  const build = join(folder, 'build');
  mkdirSync(build, { recursive: true });
  const text = [
    '# This is the CMakeCache file.',
    'CMAKE_BUILD_TYPE:STRING=',
    ...lines,
    'CMAKE_NM:FILEPATH=/usr/bin/nm',
  ];
  writeFileSync(join(build, 'CMakeCache.txt'), `${text.join('\n')}\n`);
  return build;
}

describe('the front of a command line', () => {
  test.each([
    [['make'], { tool: 'make', program: 'make', leaves: undefined, bound: {} }],
    [['gmake', '-k', '-j4'], { tool: 'make', program: 'gmake', leaves: '-j4', bound: {} }],
    [
      ['/opt/bin/ninja', 'all'],
      { tool: 'ninja', program: '/opt/bin/ninja', leaves: undefined, bound: { args: ['-j3'] } },
    ],
    [['ninja', '-Cobj', '-j', '4'], { tool: 'ninja', program: 'ninja', leaves: '-j 4', bound: { args: ['-j3'] } }],
    [['samu', '-vj2'], { tool: 'samu', program: 'samu', leaves: '-vj2', bound: { args: ['-j3'] } }],
    [
      ['ctest', '--parallel', '4'],
      { tool: 'ctest', program: 'ctest', leaves: '--parallel 4', bound: { args: ['-j3'] } },
    ],
    [['go', 'build', '-j4'], { tool: 'go', program: 'go', leaves: undefined, bound: { env: { GOMAXPROCS: '3' } } }],
    [['cargo', 'build', '-j4'], { tool: 'cargo', program: 'cargo', leaves: undefined, bound: {} }],
    [['make', '--', '-j4'], { tool: 'make', program: 'make', leaves: undefined, bound: {} }],
  ])('%j is the tool', (words, found) => expect(front(...words)).toEqual(found));

  test.each([[[]], [['']], [['sh', '-c', 'make -j4']], [['env', 'make']], [['cmake']], [['cmake', '-B', 'build']]])(
    '%j is none that we know',
    (words) => expect(front(...words)).toBeUndefined(),
  );
});

describe('the front of cmake --build', () => {
  const MAKE = 'CMAKE_MAKE_PROGRAM:FILEPATH=/usr/bin/gmake';
  /** cmake's own, for any generator. */
  const bound = { env: { CMAKE_BUILD_PARALLEL_LEVEL: '3' } };

  test.each([
    [MAKE, 'make', '/usr/bin/gmake'],
    ['CMAKE_MAKE_PROGRAM:FILEPATH=/opt/my tools/ninja-build', 'ninja', '/opt/my tools/ninja-build'],
    ['CMAKE_MAKE_PROGRAM:UNINITIALIZED=samu', 'samu', 'samu'],
    ['CMAKE_MAKE_PROGRAM:STRING=/a=b/ninja', 'ninja', '/a=b/ninja'],
  ])('where %o is noted is the generator', (line, tool, program) => {
    const build = writeCache(
      '//Program used to build from build files.',
      line,
      'CMAKE_MAKE_PROGRAM-ADVANCED:INTERNAL=1',
    );
    const found = { tool, program, leaves: undefined, bound };
    expect(front('cmake', '--build', build)).toEqual(found);
    expect(front('/usr/local/bin/cmake', '--build', build, '--target', 'all')).toEqual(found);
  });

  test.each<[string[], string | undefined]>([
    [['--target', 'all'], undefined],
    [['-j4'], '-j4'],
    [['-j', '4'], '-j 4'],
    [['--parallel'], '--parallel'],
    [['--parallel', '4', '--', '-k'], '--parallel 4'],
    [['--', '-k'], undefined],
    // What stands behind is the generator's.
    [['--', '-j4'], '-j4'],
    [['--target', 'all', '--', '-k', '-kj4'], '-kj4'],
    [['--', '-Cobj'], undefined],
  ])('leaves the pool by %j: %o', (words, leaves) => {
    const build = writeCache(MAKE);
    expect(front('cmake', '--build', build, ...words)).toMatchObject({ tool: 'make', leaves, bound });
  });

  test('is none where the generator is none that we know', () => {
    expect(front('cmake', '--build', writeCache('CMAKE_MAKE_PROGRAM:FILEPATH=/usr/bin/xcodebuild'))).toBeUndefined();
    expect(
      front('cmake', '--build', writeCache('CMAKE_MAKE_PROGRAM:FILEPATH=CMAKE_MAKE_PROGRAM-NOTFOUND')),
    ).toBeUndefined();
    expect(front('cmake', '--build', writeCache('CMAKE_MAKE_PROGRAM:FILEPATH='))).toBeUndefined();
    expect(
      front('cmake', '--build', writeCache('XCMAKE_MAKE_PROGRAM:FILEPATH=make', '#CMAKE_MAKE_PROGRAM:X=make')),
    ).toBeUndefined();
  });

  test('is none where nothing has been generated', () => {
    expect(front('cmake', '--build')).toBeUndefined();
    expect(front('cmake', '--build', folder)).toBeUndefined();
    expect(front('cmake', '--build', '/is/not/there')).toBeUndefined();
  });

  test('is none of another command of cmake, or of another program', () => {
    const build = writeCache(MAKE);
    expect(front('cmake', '--install', build)).toBeUndefined();
    expect(front('cmake', '-S', build)).toBeUndefined();
    expect(front('ccmake', '--build', build)).toBeUndefined();
    expect(front('cmake.sh', '--build', build)).toBeUndefined();
  });

  // A wrapper asks again itself.
  test('is none where a wrapper of ours was noted', () => {
    const shim = join(shimFolder('ninja'), 'ninja');
    expect(isShim(shim)).toBe(true);
    expect(front('cmake', '--build', writeCache(`CMAKE_MAKE_PROGRAM:FILEPATH=${shim}`))).toBeUndefined();
  });

  test.each([
    ['Unix Makefiles', 'make'],
    ['Ninja', 'ninja'],
  ])('is what the real cmake has noted for %s', (generator, tool) => {
    writeFileSync(join(folder, 'CMakeLists.txt'), 'cmake_minimum_required(VERSION 3.13)\nproject(none NONE)\n');
    const build = join(folder, 'out');
    execFileSync('cmake', ['-G', generator, '-S', folder, '-B', build], { stdio: 'pipe' });
    expect(front('cmake', '--build', build, '--', '-j4')).toEqual({
      tool,
      program: expect.stringMatching(/^\/.*\/(g?make|ninja(-build)?)$/),
      leaves: '-j4',
      bound,
    });
  });
});

test('a wrapper is known by its folder', () => {
  const shim = shimFolder('make');
  expect([isShim(shim), isShim(`${shim}/make`), isShim('/usr/bin/make'), isShim('')]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(isShim(join(shim, '../../shims-of-others/make'))).toBe(false);
  expect(hasShim('make', `/usr/bin:${shim}:/bin`)).toBe(true);
  expect(hasShim('ninja', `/usr/bin:${shim}:/bin`)).toBe(false);
  expect(hasShim('make', `${shim}x:/bin`)).toBe(false);
  expect(hasShim('make')).toBe(false);
});
