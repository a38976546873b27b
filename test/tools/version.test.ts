import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findTool, type Joins, MAKE, type Tool, type Version } from '../../src/tools/table.js';
import { askJoins, askVersion, findProgram } from '../../src/tools/version.js';
import { make43, make441Dir, ninja113Dir } from '../setup/tools.js';

let folder: string;
let env: { PATH: string };
/** The state folder. */
let root: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'js-version-'));
  env = { PATH: `${folder}:${process.env.PATH}` };
  root = join(folder, 'state');
  mkdirSync(root);
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** Makes a program that notes how it was called and then runs a line of shell code. */
function writeProgram(name: string, code: string): string {
  const file = join(folder, name);
  writeFileSync(file, `#!/bin/sh\necho "$* MAKEFLAGS=$MAKEFLAGS" >>'${folder}/calls'\n${code}\n`, { mode: 0o755 });
  return file;
}

const gnuMake = (version: string) => `echo 'GNU Make ${version}'; echo 'Built for x86_64-pc-linux-gnu'`;

/** @returns how the programs were called */
function calls(): string[] {
  const file = join(folder, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

const ask = (command = 'make', tool: Tool = MAKE): Promise<Version | undefined> => askVersion(tool, command, env, root);

describe('a tool', () => {
  test('is asked once', async () => {
    writeProgram('make', gnuMake('4.3'));
    expect([await ask(), await ask(), await ask()]).toEqual([
      [4, 3],
      [4, 3],
      [4, 3],
    ]);
    expect(calls()).toEqual(['--version MAKEFLAGS=']);
  });

  test('is asked once also where it does not say', async () => {
    writeProgram('make', 'echo usage: make target; exit 2');
    expect([await ask(), await ask()]).toEqual([undefined, undefined]);
    expect(calls()).toHaveLength(1);
  });

  test('does not get our MAKEFLAGS', async () => {
    writeProgram('make', gnuMake('4.3'));
    await askVersion(MAKE, 'make', { ...env, MAKEFLAGS: ' -j4 --jobserver-auth=3,4' }, root);
    expect(calls()).toEqual(['--version MAKEFLAGS=']);
  });

  test('is asked anew when its file has changed', async () => {
    const file = writeProgram('make', gnuMake('4.3'));
    utimesSync(file, 1, 1);
    expect(await ask()).toEqual([4, 3]);
    // Another size at the same time; then the same size at another time.
    writeProgram('make', gnuMake('4.4.1'));
    utimesSync(file, 1, 1);
    expect(await ask()).toEqual([4, 4]);
    writeProgram('make', gnuMake('4.2.1'));
    utimesSync(file, 2, 2);
    expect(await ask()).toEqual([4, 2]);
    expect(calls()).toHaveLength(3);
  });

  test('is asked anew where another of its name comes first on PATH', async () => {
    writeProgram('make', gnuMake('4.3'));
    expect(await ask()).toEqual([4, 3]);
    mkdirSync(join(folder, 'first'));
    writeProgram('first/make', gnuMake('4.4'));
    env = { PATH: `${folder}/first:${env.PATH}` };
    expect(await ask()).toEqual([4, 4]);
    expect(calls()).toHaveLength(2);
  });

  test('is asked under the path that is given', async () => {
    writeProgram('make', gnuMake('4.3'));
    mkdirSync(join(folder, 'other'));
    const other = writeProgram('other/make', gnuMake('4.4'));
    expect(await ask(other)).toEqual([4, 4]);
    expect(await ask()).toEqual([4, 3]);
  });

  test('is asked each time where the state folder cannot be written', async () => {
    writeProgram('make', gnuMake('4.3'));
    root = join(folder, 'calls/state');
    expect([await ask(), await ask()]).toEqual([
      [4, 3],
      [4, 3],
    ]);
    expect(calls()).toHaveLength(2);
  });

  // A fault of the moment (no memory, no time) must not make a make 4.3 be taken for one that knows FIFOs.
  test('that was killed before it could answer is asked again', async () => {
    writeProgram('make', `test -e '${folder}/again' || { touch '${folder}/again'; kill -9 $$; }; ${gnuMake('4.3')}`);
    expect(await ask()).toBeUndefined();
    expect(await ask()).toEqual([4, 3]);
  });

  test('that says what its version is not on the first line has none', async () => {
    writeProgram('make', `echo hello; ${gnuMake('4.3')}`);
    expect(await ask()).toBeUndefined();
  });

  test('without a version is not asked', async () => {
    writeProgram('go', 'echo go version 1.22');
    const go = findTool('go') as Tool;
    expect(await ask('go', go)).toBeUndefined();
    expect(await askJoins(go, 'go', env, root)).toBe('never');
    expect(calls()).toEqual([]);
  });

  test('that is not there has no version', async () => {
    expect(await ask('gmake-that-is-nowhere')).toBeUndefined();
    expect(await ask('/is/not/there/make')).toBeUndefined();
    writeFileSync(join(folder, 'make'), gnuMake('4.3'), { mode: 0o644 });
    env = { PATH: folder };
    expect(await ask()).toBeUndefined();
  });
});

test.each<[Version, string]>([
  [[3, 81], 'GNU Make 3.81'],
  [[4, 0], 'GNU Make 4.0'],
  [[4, 4], 'GNU Make 4.4.1'],
  [[4, 4], 'GNU Make 4.4.0.91'],
  [[10, 12], 'GNU Make 10.12'],
])('make is version %j where it prints %o', async (version, text) => {
  writeProgram('make', `echo '${text}'`);
  expect(await ask()).toEqual(version);
});

describe('real tools', () => {
  test.each<[string, () => string, Joins]>([
    ['make 4.3', () => make43, 'pair'],
    ['make 4.4.1', () => join(make441Dir, 'make'), 'fifo'],
    ['ninja 1.13', () => join(ninja113Dir, 'ninja'), 'fifo'],
  ])('%s', async (_, find, joins) => {
    const file = find();
    expect(await askJoins(findTool(file) as Tool, file, env, root)).toBe(joins);
  });

  test('of a name are the one that PATH leads to', async () => {
    env = { PATH: make441Dir + delimiter + process.env.PATH };
    expect(await ask()).toEqual([4, 4]);
    env = { PATH: make43.replace(/\/make$/, '') };
    expect(await ask()).toEqual([4, 3]);
  });
});

describe('findTool', () => {
  test.each([
    ['make', 'make'],
    ['gmake', 'make'],
    ['/usr/bin/make', 'make'],
    ['./make', 'make'],
    ['ninja', 'ninja'],
    ['ninja-build', 'ninja'],
    ['/opt/go/bin/go', 'go'],
    ['cmake', undefined],
    ['make.sh', undefined],
    ['make/', undefined],
    ['Make', undefined],
    ['', undefined],
    ['constructor', undefined],
  ])('%o is %o', (command, name) => expect(findTool(command)?.names[0]).toBe(name));

  test.each<[string, Version | undefined, Joins]>([
    ['make', [4, 4], 'fifo'],
    ['make', [4, 10], 'fifo'],
    ['make', [5, 0], 'fifo'],
    ['make', [4, 3], 'pair'],
    ['make', [3, 82], 'pair'],
    // What is no GNU make is not helped by a pair either.
    ['make', undefined, 'fifo'],
    ['ninja', [1, 13], 'fifo'],
    ['ninja', [2, 0], 'fifo'],
    ['ninja', [1, 12], 'never'],
    ['ninja', [1, 9], 'never'],
    ['ninja', undefined, 'never'],
    ['go', undefined, 'never'],
  ])('%s of version %j hears of a pool by %s', (name, version, joins) =>
    expect(findTool(name)?.joins(version)).toBe(joins),
  );

  test.each([
    ['ninja', { args: ['-j3'] }],
    ['go', { env: { GOMAXPROCS: '3' } }],
    ['make', undefined],
  ])('%s is held to 3 slots by %o', (name, bound) => expect(findTool(name)?.bound?.(3)).toEqual(bound));
});

describe('findProgram', () => {
  test('takes the first on PATH that can be run', () => {
    for (const name of ['a', 'b', 'c', 'd']) mkdirSync(join(folder, name));
    mkdirSync(join(folder, 'a/tool'));
    writeFileSync(join(folder, 'b/tool'), '');
    writeFileSync(join(folder, 'c/tool'), '');
    writeFileSync(join(folder, 'd/tool'), '');
    chmodSync(join(folder, 'c/tool'), 0o755);
    chmodSync(join(folder, 'd/tool'), 0o755);
    const path = ['/is/not/there', 'a', 'b', 'c', 'd'].map((name) => (name[0] === '/' ? name : join(folder, name)));
    expect(findProgram('tool', path.join(':'))?.file).toBe(join(folder, 'c/tool'));
    expect(findProgram(join(folder, 'd/tool'), path.join(':'))?.file).toBe(join(folder, 'd/tool'));
    expect(findProgram(join(folder, 'b/tool'), path.join(':'))).toBeUndefined();
    expect(findProgram('tool', '/is/not/there')).toBeUndefined();
  });
});
