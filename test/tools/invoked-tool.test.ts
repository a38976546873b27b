import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findInvokedTool, findRequestedJobs } from '../../src/tools/invoked-tool.js';
import { hasShim, isShim, shimFolder } from '../../src/tools/shim-folder.js';
import { findTool } from '../../src/tools/table.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'js-invoked-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** Returns what findInvokedTool() finds: the tool by its first name, the number of jobs it is given, what limits it to 3 slots. */
function find(...words: string[]) {
  const found = findInvokedTool(words);
  if (found === undefined) return undefined;
  const { tool, program, limitTo } = found;
  expect(tool).toBe(findTool(program));
  // As for a version that cannot join.
  return { tool: tool.names[0], program, jobs: findRequestedJobs(found, [])?.text, limit: limitTo(3) };
}

/** Writes a cache as cmake does, and returns its build folder. */
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

describe('the tool that a command line runs', () => {
  test.each([
    [['make'], { tool: 'make', program: 'make', jobs: undefined, limit: {} }],
    [['gmake', '-k', '-j4'], { tool: 'make', program: 'gmake', jobs: '-j4', limit: {} }],
    [
      ['/opt/bin/ninja', 'all'],
      { tool: 'ninja', program: '/opt/bin/ninja', jobs: undefined, limit: { args: ['-j3'] } },
    ],
    [['ninja', '-Cobj', '-j', '4'], { tool: 'ninja', program: 'ninja', jobs: '-j 4', limit: { args: ['-j3'] } }],
    [['samu', '-vj2'], { tool: 'samu', program: 'samu', jobs: '-vj2', limit: { args: ['-j3'] } }],
    [['ctest', '--parallel', '4'], { tool: 'ctest', program: 'ctest', jobs: '--parallel 4', limit: { args: ['-j3'] } }],
    [['go', 'build', '-j4'], { tool: 'go', program: 'go', jobs: undefined, limit: { env: { GOMAXPROCS: '3' } } }],
    [['cargo', 'build', '-j4'], { tool: 'cargo', program: 'cargo', jobs: undefined, limit: {} }],
    [['make', '--', '-j4'], { tool: 'make', program: 'make', jobs: undefined, limit: {} }],
  ])('%j', (words, found) => expect(find(...words)).toEqual(found));

  test.each([[[]], [['']], [['sh', '-c', 'make -j4']], [['env', 'make']], [['cmake']], [['cmake', '-B', 'build']]])(
    '%j: none that we know',
    (words) => expect(find(...words)).toBeUndefined(),
  );
});

describe('the tool that cmake --build runs', () => {
  const MAKE = 'CMAKE_MAKE_PROGRAM:FILEPATH=/usr/bin/gmake';
  /** The same for any generator. */
  const limit = { env: { CMAKE_BUILD_PARALLEL_LEVEL: '3' } };

  test.each([
    [MAKE, 'make', '/usr/bin/gmake'],
    ['CMAKE_MAKE_PROGRAM:FILEPATH=/opt/my tools/ninja-build', 'ninja', '/opt/my tools/ninja-build'],
    ['CMAKE_MAKE_PROGRAM:UNINITIALIZED=samu', 'samu', 'samu'],
    ['CMAKE_MAKE_PROGRAM:STRING=/a=b/ninja', 'ninja', '/a=b/ninja'],
  ])('is %o of the cache', (line, tool, program) => {
    const build = writeCache(
      '//Program used to build from build files.',
      line,
      'CMAKE_MAKE_PROGRAM-ADVANCED:INTERNAL=1',
    );
    const found = { tool, program, jobs: undefined, limit };
    expect(find('cmake', '--build', build)).toEqual(found);
    expect(find('/usr/local/bin/cmake', '--build', build, '--target', 'all')).toEqual(found);
  });

  test.each<[string[], string | undefined]>([
    [['--target', 'all'], undefined],
    [['-j4'], '-j4'],
    [['-j', '4'], '-j 4'],
    [['--parallel'], '--parallel'],
    [['--parallel', '4', '--', '-k'], '--parallel 4'],
    [['--', '-k'], undefined],
    // What follows is for the generator's tool.
    [['--', '-j4'], '-j4'],
    [['--target', 'all', '--', '-k', '-kj4'], '-kj4'],
    [['--', '-Cobj'], undefined],
  ])('is given jobs by %j: %o', (words, jobs) => {
    const build = writeCache(MAKE);
    expect(find('cmake', '--build', build, ...words)).toMatchObject({ tool: 'make', jobs, limit });
  });

  test('is none if the generator is none that we know', () => {
    expect(find('cmake', '--build', writeCache('CMAKE_MAKE_PROGRAM:FILEPATH=/usr/bin/xcodebuild'))).toBeUndefined();
    expect(
      find('cmake', '--build', writeCache('CMAKE_MAKE_PROGRAM:FILEPATH=CMAKE_MAKE_PROGRAM-NOTFOUND')),
    ).toBeUndefined();
    expect(find('cmake', '--build', writeCache('CMAKE_MAKE_PROGRAM:FILEPATH='))).toBeUndefined();
    expect(
      find('cmake', '--build', writeCache('XCMAKE_MAKE_PROGRAM:FILEPATH=make', '#CMAKE_MAKE_PROGRAM:X=make')),
    ).toBeUndefined();
  });

  test('is none if nothing has been generated', () => {
    expect(find('cmake', '--build')).toBeUndefined();
    expect(find('cmake', '--build', folder)).toBeUndefined();
    expect(find('cmake', '--build', '/is/not/there')).toBeUndefined();
  });

  test('is none for another command of cmake, or another program', () => {
    const build = writeCache(MAKE);
    expect(find('cmake', '--install', build)).toBeUndefined();
    expect(find('cmake', '-S', build)).toBeUndefined();
    expect(find('ccmake', '--build', build)).toBeUndefined();
    expect(find('cmake.sh', '--build', build)).toBeUndefined();
  });

  // A wrapper asks for slots itself.
  test('is none if cmake has written down a wrapper of ours', () => {
    const shim = join(shimFolder('ninja'), 'ninja');
    expect(isShim(shim)).toBe(true);
    expect(find('cmake', '--build', writeCache(`CMAKE_MAKE_PROGRAM:FILEPATH=${shim}`))).toBeUndefined();
  });

  test.each([
    ['Unix Makefiles', 'make'],
    ['Ninja', 'ninja'],
  ])('is what the real cmake has written down for %s', (generator, tool) => {
    writeFileSync(join(folder, 'CMakeLists.txt'), 'cmake_minimum_required(VERSION 3.13)\nproject(none NONE)\n');
    const build = join(folder, 'out');
    execFileSync('cmake', ['-G', generator, '-S', folder, '-B', build], { stdio: 'pipe' });
    expect(find('cmake', '--build', build, '--', '-j4')).toEqual({
      tool,
      program: expect.stringMatching(/^\/.*\/(g?make|ninja(-build)?)$/),
      jobs: '-j4',
      limit,
    });
  });
});

test('isShim() and hasShim() know a wrapper by its folder', () => {
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
