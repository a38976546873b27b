import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { askStyles, askVersion } from '../../src/tools/ask-version.js';
import { findTool, MAKE, type Style, type Tool, type Version } from '../../src/tools/table.js';
import { ctest331Dir, make43, make441Dir, ninja113Dir, ninjaPypiDir } from '../setup/tools.js';

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

/** Returns the version of such a make */
function isMake(version: string): Version {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return { major, minor, line: `GNU Make ${version}` };
}

/** Returns how the programs were called */
function calls(): string[] {
  const file = join(folder, 'calls');
  return existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
}

const ask = (command = 'make', tool: Tool = MAKE): Promise<Version | undefined> => askVersion(tool, command, env, root);

describe('a tool', () => {
  test('is asked once', async () => {
    writeProgram('make', gnuMake('4.3'));
    expect([await ask(), await ask(), await ask()]).toEqual([isMake('4.3'), isMake('4.3'), isMake('4.3')]);
    expect(calls()).toEqual(['--version MAKEFLAGS=']);
  });

  test('is asked once even if it prints no version', async () => {
    writeProgram('make', 'echo usage: make target; exit 2');
    expect([await ask(), await ask()]).toEqual([undefined, undefined]);
    expect(calls()).toHaveLength(1);
  });

  test('does not get our MAKEFLAGS', async () => {
    writeProgram('make', gnuMake('4.3'));
    await askVersion(MAKE, 'make', { ...env, MAKEFLAGS: ' -j4 --jobserver-auth=3,4' }, root);
    expect(calls()).toEqual(['--version MAKEFLAGS=']);
  });

  test.each([
    ['make', gnuMake('4.3'), 'GNU Make 4.3'],
    ['ninja', 'echo 1.13.2.git.kitware.jobserver-pipe-1', '1.13.2.git.kitware.jobserver-pipe-1'],
    // Also what says nothing.
    ['make', 'echo usage: make target; exit 2', 'usage: make target'],
    ['make', 'exit 2', ''],
  ])('%s leaves a note of its first line: %o', async (name, code, line) => {
    const file = writeProgram(name, code);
    await ask(name, findTool(name));
    const { size, mtimeMs } = statSync(file);
    const notes = join(root, 'versions');
    expect(readdirSync(notes)).toEqual([`${encodeURIComponent(file)},${size},${mtimeMs}`]);
    expect(readFileSync(join(notes, readdirSync(notes)[0] as string), 'utf8')).toBe(line);
  });

  test('of which there is a note is what that says', async () => {
    const { size, mtimeMs } = statSync(writeProgram('ninja', 'echo 1.11.1'));
    const file = join(folder, 'ninja');
    const ninja = findTool('ninja') as Tool;
    mkdirSync(join(root, 'versions'));
    writeFileSync(join(root, `versions/${encodeURIComponent(file)},${size},${mtimeMs}`), '1.13.2.jobserver-pipe');
    expect(await ask('ninja', ninja)).toEqual({ major: 1, minor: 13, line: '1.13.2.jobserver-pipe' });
    expect(await askStyles(ninja, 'ninja', env, root)).toEqual(['fifo', 'pair']);
    expect(calls()).toEqual([]);
  });

  test('is asked anew when its file has changed', async () => {
    const file = writeProgram('make', gnuMake('4.3'));
    utimesSync(file, 1, 1);
    expect(await ask()).toEqual(isMake('4.3'));
    // Another size at the same time; then the same size at another time.
    writeProgram('make', gnuMake('4.4.1'));
    utimesSync(file, 1, 1);
    expect(await ask()).toEqual(isMake('4.4.1'));
    writeProgram('make', gnuMake('4.2.1'));
    utimesSync(file, 2, 2);
    expect(await ask()).toEqual(isMake('4.2.1'));
    expect(calls()).toHaveLength(3);
  });

  test('is asked again if another of its name comes first on PATH', async () => {
    writeProgram('make', gnuMake('4.3'));
    expect(await ask()).toEqual(isMake('4.3'));
    mkdirSync(join(folder, 'first'));
    writeProgram('first/make', gnuMake('4.4'));
    env = { PATH: `${folder}/first:${env.PATH}` };
    expect(await ask()).toEqual(isMake('4.4'));
    expect(calls()).toHaveLength(2);
  });

  test('is asked under the path that is given', async () => {
    writeProgram('make', gnuMake('4.3'));
    mkdirSync(join(folder, 'other'));
    const other = writeProgram('other/make', gnuMake('4.4'));
    expect(await ask(other)).toEqual(isMake('4.4'));
    expect(await ask()).toEqual(isMake('4.3'));
  });

  test('is asked each time if the state folder cannot be written', async () => {
    writeProgram('make', gnuMake('4.3'));
    root = join(folder, 'calls/state');
    expect([await ask(), await ask()]).toEqual([isMake('4.3'), isMake('4.3')]);
    expect(calls()).toHaveLength(2);
  });

  // A fault of the moment (no memory, no time) must not make a make 4.3 be taken for one that knows FIFOs.
  test('that was killed before it could answer is asked again', async () => {
    writeProgram('make', `test -e '${folder}/again' || { touch '${folder}/again'; kill -9 $$; }; ${gnuMake('4.3')}`);
    expect(await ask()).toBeUndefined();
    expect(await ask()).toEqual(isMake('4.3'));
  });

  test('that says what its version is not on the first line has none', async () => {
    writeProgram('make', `echo hello; ${gnuMake('4.3')}`);
    expect(await ask()).toBeUndefined();
  });

  test('without a version is not asked', async () => {
    writeProgram('samu', 'echo 1.13');
    const samu = findTool('samu') as Tool;
    expect(await ask('samu', samu)).toBeUndefined();
    expect(await askStyles(samu, 'samu', env, root)).toEqual([]);
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

describe('real tools', () => {
  test.each<[string, string, () => string, string, Style[]]>([
    ['make', '4.3', () => make43, 'GNU Make 4.3', ['pair']],
    ['make', '4.4.1', () => join(make441Dir, 'make'), 'GNU Make 4.4.1', ['fifo', 'pair']],
    ['ninja', '1.13', () => join(ninja113Dir, 'ninja'), '1.13.', ['fifo']],
    ['ninja', '1.13 of PyPI', () => join(ninjaPypiDir, 'ninja'), '1.13.', ['fifo', 'pair']],
    ['ctest', '3.31', () => join(ctest331Dir, 'ctest'), 'ctest version 3.31.', ['fifo', 'pair']],
  ])('%s %s', async (_, version, find, line, styles) => {
    const file = find();
    const tool = findTool(file) as Tool;
    const asked = await ask(file, tool);
    expect(`${asked?.major}.${asked?.minor}`).toBe(/^\d+\.\d+/.exec(version)?.[0]);
    expect(asked?.line.startsWith(line)).toBe(true);
    expect(await askStyles(tool, file, env, root)).toEqual(styles);
  });

  // Of whatever version the machine has.
  test.each([
    ['ninja', ['--version']],
    ['ctest', ['--version']],
    ['cargo', ['--version']],
    ['rustc', ['--version']],
    ['gcc', ['-dumpfullversion']],
    ['go', ['version']],
  ])('%s says its version', async (name, args) => {
    const [line = ''] = execFileSync(name, args, { encoding: 'utf8' }).split('\n');
    const [, major, minor] = /(\d+)\.(\d+)/.exec(line) ?? [];
    expect(await ask(name, findTool(name))).toEqual({ major: Number(major), minor: Number(minor), line });
  });

  test('of a name are the one that PATH leads to', async () => {
    env = { PATH: make441Dir + delimiter + process.env.PATH };
    expect(await ask()).toEqual(isMake('4.4.1'));
    env = { PATH: make43.replace(/\/make$/, '') };
    expect(await ask()).toEqual(isMake('4.3'));
  });
});
