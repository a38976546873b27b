import { describe, expect, test } from 'vitest';
import { findTool, MAKE, OVERRIDING, type Style, TOOLS, type Tool, type Version } from '../../src/tools/table.js';

/** Returns the row of a tool that is there */
const rowOf = (name: string): Tool => findTool(name) ?? expect.fail(`no row of ${name}`);

/** Returns the version of a tool that prints such a line */
function versionOf({ version }: Tool, line: string): Version {
  const [, major, minor] = version?.pattern.exec(line) ?? [];
  expect([major, minor], line).toEqual([expect.any(String), expect.any(String)]);
  return { major: Number(major), minor: Number(minor), line };
}

describe('findTool', () => {
  test.each([
    ['make', 'make'],
    ['gmake', 'make'],
    ['/usr/bin/make', 'make'],
    ['./make', 'make'],
    ['ninja', 'ninja'],
    ['ninja-build', 'ninja'],
    ['samu', 'samu'],
    ['n2', 'samu'],
    ['/opt/go/bin/go', 'go'],
    ['ctest', 'ctest'],
    ['c++', 'gcc'],
    ['g++', 'gcc'],
    ['cc', 'gcc'],
    ['cargo', 'cargo'],
    ['rustc', 'rustc'],
    ['cmake', undefined],
    ['gcc-12', undefined],
    ['clang', undefined],
    ['make.sh', undefined],
    ['make/', undefined],
    ['Make', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%o is %o', (command, name) => expect(findTool(command)?.names[0]).toBe(name));

  test('has one row a name', () => {
    const names = TOOLS.flatMap((tool) => tool.names);
    expect(new Set(names).size).toBe(names.length);
    expect(TOOLS[0]).toBe(MAKE);
  });
});

describe('a tool that prints', () => {
  const BOTH: Style[] = ['fifo', 'pair'];

  test.each<[string, string, Style[]]>([
    ['make', 'GNU Make 3.81', ['old-pair']],
    ['make', 'GNU Make 4.0', ['old-pair']],
    ['make', 'GNU Make 4.1', ['old-pair']],
    ['make', 'GNU Make 4.2', ['pair']],
    ['make', 'GNU Make 4.2.1', ['pair']],
    ['make', 'GNU Make 4.3', ['pair']],
    ['make', 'GNU Make 4.4', BOTH],
    ['make', 'GNU Make 4.4.0.91', BOTH],
    ['make', 'GNU Make 4.4.1', BOTH],
    ['make', 'GNU Make 4.10', BOTH],
    ['make', 'GNU Make 5.0', BOTH],
    ['make', 'GNU Make 10.1', BOTH],
    ['ninja', '1.9.0', []],
    ['ninja', '1.11.1.git.kitware.dyndep-1.jobserver-1', []],
    ['ninja', '1.12.1', []],
    ['ninja', '1.13.0', ['fifo']],
    ['ninja', '1.13.2', ['fifo']],
    ['ninja', '1.14.0.git', ['fifo']],
    ['ninja', '2.0.0', ['fifo']],
    ['ninja', '1.13.2.git.kitware.jobserver-pipe-1', BOTH],
    ['ctest', 'ctest version 3.25.1', []],
    ['ctest', 'ctest version 3.28.6', []],
    ['ctest', 'ctest version 3.29.0', BOTH],
    ['ctest', 'ctest3 version 3.26.5', []],
    ['ctest', 'ctest version 4.0.0-rc1', BOTH],
    ['gcc', '8.3.1', ['pair']],
    ['gcc', '12.2.0', ['pair']],
    ['gcc', '13.0.1', BOTH],
    ['gcc', '13.2.0', BOTH],
    ['gcc', '14.1', BOTH],
    ['cargo', 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)', BOTH],
    ['cargo', 'cargo 1.40.0-nightly', BOTH],
    ['rustc', 'rustc 1.95.0 (59807616e 2026-04-14)', BOTH],
    ['go', 'go version go1.26.8 linux/amd64', []],
    ['go', 'go version devel go1.27-abcdef Mon Jan 1 00:00:00 2026 +0000 linux/amd64', []],
  ])('%s %o understands %j', (name, line, styles) => {
    const tool = rowOf(name);
    expect(tool.styles(versionOf(tool, line))).toEqual(styles);
  });

  test.each<[string, Style[]]>([
    // What is no GNU make is not helped by a pair either.
    ['make', BOTH],
    ['ninja', []],
    ['samu', []],
    ['ctest', []],
    ['gcc', ['pair']],
    ['cargo', BOTH],
    ['rustc', BOTH],
    ['go', []],
  ])('%s nothing that is a version understands %j', (name, styles) =>
    expect(rowOf(name).styles(undefined)).toEqual(styles),
  );

  test.each([
    ['make', 'GNU Make X'],
    ['make', 'bsd GNU Make 4.3'],
    ['make', 'make: GNU Make 4.3'],
    ['ninja', 'ninja 1.13'],
    ['ninja', '1'],
    ['ctest', 'cmake version 3.31.0'],
    ['gcc', 'clang version 14.0'],
    ['cargo', 'cargo-clippy 1.95.0'],
    ['rustc', 'cargo 1.95.0'],
    ['go', 'gccgo'],
  ])('%s %o has no version', (name, line) => expect(rowOf(name).version?.pattern.test(line)).toBe(false));

  test.each([
    ['make', 'GNU Make 3.82', [3, 82]],
    ['make', 'GNU Make 10.12', [10, 12]],
    ['ninja', '1.13.2.git.kitware.jobserver-pipe-1', [1, 13]],
    ['ctest', 'ctest3 version 3.26.5', [3, 26]],
    ['gcc', '12.2.0', [12, 2]],
    ['cargo', 'cargo 1.95.0 (f2d3ce0bd 2026-03-21)', [1, 95]],
    ['rustc', 'rustc 1.95.0-nightly (59807616e 2026-04-14)', [1, 95]],
    ['go', 'go version go1.26.8 linux/amd64', [1, 26]],
    ['go', 'go version go1.26rc1 linux/amd64', [1, 26]],
  ])('%s %o is of version %j', (name, line, [major, minor]) =>
    expect(versionOf(rowOf(name), line)).toEqual({ major, minor, line }),
  );
});

test.each([
  ['make', ['--version']],
  ['ninja', ['--version']],
  ['ctest', ['--version']],
  ['gcc', ['-dumpfullversion']],
  ['cargo', ['--version']],
  ['rustc', ['--version']],
  ['go', ['version']],
  ['samu', undefined],
])('%s is asked with %j', (name, args) => expect(rowOf(name).version?.args).toEqual(args));

test.each([
  ['make', undefined],
  ['ninja', { args: ['-j3'] }],
  ['samu', { args: ['-j3'] }],
  ['ctest', { args: ['-j3'] }],
  ['go', { env: { GOMAXPROCS: '3' } }],
  ['dpkg-buildpackage', { env: { DEB_BUILD_OPTIONS: 'parallel=3' } }],
  ['debuild', { env: { DEB_BUILD_OPTIONS: 'parallel=3' } }],
  ['dh', { env: { DEB_BUILD_OPTIONS: 'parallel=3' } }],
  ['cargo', undefined],
  ['rustc', undefined],
  ['gcc', undefined],
])('%s is held to 3 slots by %j', (name, bound) => expect(rowOf(name).limitTo?.(3)).toEqual(bound));

test.each([
  ['', 'parallel=3'],
  ['parallel=8', 'parallel=3'],
  ['parallel', 'parallel=3'],
  ['nocheck parallel=8  terse', 'nocheck terse parallel=3'],
  ['notparallel=8', 'notparallel=8 parallel=3'],
])('DEB_BUILD_OPTIONS=%j becomes %j', (options, expected) =>
  expect(rowOf('dh').limitTo?.(3, { DEB_BUILD_OPTIONS: options })).toEqual({ env: { DEB_BUILD_OPTIONS: expected } }),
);

// A tool with a version that cannot join is limited to its slots, or runs one job at a time.
test.each(TOOLS.map((tool) => [tool.names[0], tool] as const))('%s joins or is limited', (_, tool) =>
  expect(tool.styles(undefined).length > 0 || tool.limitTo !== undefined || tool.serial === true).toBe(true),
);

test.each<[string, Pick<Tool, 'slotPerChild' | 'serial' | 'joinsWithJobs'>]>([
  ['make', { slotPerChild: true }],
  ['ninja', { slotPerChild: true }],
  ['samu', {}],
  ['cargo', { slotPerChild: true }],
  ['rustc', {}],
  ['ctest', { slotPerChild: true, serial: true, joinsWithJobs: true }],
  ['gcc', { serial: true }],
  ['go', {}],
])('%s is %j', (name, marks) => {
  const { slotPerChild, serial, joinsWithJobs } = rowOf(name);
  expect({ slotPerChild, serial, joinsWithJobs }).toEqual(marks);
});

test('the overriding variables are names, each once', () => {
  expect(new Set(OVERRIDING).size).toBe(OVERRIDING.length);
  for (const name of OVERRIDING) expect(name).toMatch(/^[A-Z_]+$/);
});
