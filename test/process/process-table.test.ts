import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { descriptorStat, listDescriptors, readDescriptor } from '../../src/process/process-descriptors.js';
import { readEnvironment, variableIn } from '../../src/process/process-environment.js';
import {
  isAlive,
  type ProcessId,
  parseProcessId,
  pidOf,
  readProcess,
  selfId,
} from '../../src/process/process-table.js';
import { readPids, start } from './start.js';

/** Makes a copy of sleep(1) under another name. */
function copySleep(name: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'js-names-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, name);
  copyFileSync('/bin/sleep', file);
  chmodSync(file, 0o755);
  return file;
}

/** Reads what ps(1) prints, which parses such names by itself. */
function askPs(pid: number) {
  const text = execFileSync('ps', ['-o', 'ppid=,pgid=,tpgid=', '-p', String(pid)], { encoding: 'utf8' });
  const [parent, group, foreground] = text.trim().split(/\s+/).map(Number);
  return { pid, parent, group, foreground };
}

const stateOf = (pid: number): string => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) (\S).*\n$/s, '$1');

describe('a process', () => {
  // Parsed from the wrong parenthesis, these would be zombies, children of 7, or have ended.
  test.each(['sleep', 'a) R (b', 'a b c', ') Z 7 7 7 (', '(((', ')))', 'x) Z\n1 (2', 'ä)ü', '-', '15-letters-long'])(
    'of the name %j is read right',
    async (name) => {
      const child = start(copySleep(name), ['100']);
      await once(child, 'spawn');
      const pid = child.pid as number;
      const entry = readProcess(pid);
      expect(entry).toMatchObject(askPs(pid));
      expect(entry).toMatchObject({ parent: process.pid, group: pid, terminal: 0 });
      expect(isAlive(entry?.id as ProcessId)).toBe(true);
      child.kill('SIGKILL');
      await once(child, 'exit');
      expect(readProcess(pid)).toBeUndefined();
      expect(isAlive(entry?.id as ProcessId)).toBe(false);
    },
  );

  test('is named by its pid and its start in clock ticks', () => {
    const child = start('sleep', ['100']);
    const start22 = execFileSync('awk', ['{print $22}', `/proc/${child.pid}/stat`], { encoding: 'utf8' }).trim();
    expect(readProcess(child.pid as number)?.id).toBe(`${child.pid}.${start22}`);
  });

  test('with the same pid and another start is another process', () => {
    const { pid = 0 } = start('sleep', ['100']);
    const id = readProcess(pid)?.id as ProcessId;
    const [, ticks] = id.split('.');
    for (const other of [Number(ticks) + 1, Number(ticks) - 1, `${ticks}0`, 0]) {
      expect(isAlive(`${pid}.${other}`)).toBe(false);
    }
    expect(isAlive(id)).toBe(true);
  });

  test('that has ended and is not waited for is dead', async () => {
    // sleep does not wait for the child that it has inherited from the shell that executed it.
    const script = 'sleep 0 & echo $!; exec sleep 100';
    const [zombie = 0] = await readPids(start('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] }));
    await expect.poll(() => stateOf(zombie)).toBe('Z');
    const ticks = execFileSync('awk', ['{print $22}', `/proc/${zombie}/stat`], { encoding: 'utf8' });
    expect(readProcess(zombie)).toBeUndefined();
    expect(isAlive(`${zombie}.${Number(ticks)}`)).toBe(false);
  });

  test('that is stopped is alive', async () => {
    const child = start('sleep', ['100']);
    const id = readProcess(child.pid as number)?.id as ProcessId;
    child.kill('SIGSTOP');
    await expect.poll(() => stateOf(child.pid as number)).toBe('T');
    expect(isAlive(id)).toBe(true);
  });

  test.each([0, 2 ** 22 + 1, 2 ** 31, -1])('of the pid %i is not there', (pid) =>
    expect(readProcess(pid)).toBeUndefined(),
  );

  test('is this one', () => {
    expect(selfId()).toBe(readProcess(process.pid)?.id);
    expect(readProcess('self')).toMatchObject({ pid: process.pid, parent: process.ppid });
  });
});

describe('the image of a process', () => {
  test.each(['bash', 'dash', 'zsh'])('is that of its fork, not that of what it runs: %s', async (shell) => {
    const me = "sh -c 'echo $PPID' >&3";
    const script = `exec 3>out; ${me}; ( ${me}; sleep 100 & echo $! >&3; echo >&4; wait )`;
    const folder = mkdtempSync(join(tmpdir(), 'js-image-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const child = start(shell, ['-c', `${script}; :`], {
      cwd: folder,
      stdio: ['ignore', 'ignore', 'ignore', 'ignore', 'pipe'],
    });
    await once(child.stdio[4] as NodeJS.EventEmitter, 'data');
    const pids = readFileSync(join(folder, 'out'), 'utf8').trim().split('\n').map(Number);
    const [main = 0, subshell = 0, sleep = 0] = pids;
    expect(main).toBe(child.pid);
    expect(readProcess(subshell)?.parent).toBe(main);
    expect(readProcess(subshell)?.image).toBe(readProcess(main)?.image);
    await expect.poll(() => readFileSync(`/proc/${sleep}/comm`, 'utf8')).toBe('sleep\n');
    expect(readProcess(sleep)?.image).not.toBe(readProcess(main)?.image);
  });

  test('is another in two processes of one program', () => {
    const [one, other] = [start('sleep', ['100']), start('sleep', ['100'])];
    expect(readProcess(one.pid as number)?.image).not.toBe(readProcess(other.pid as number)?.image);
  });
});

describe('the environment', () => {
  const text = 'B=first\0AB=1\0EMPTY=\0B_C=2\0D==x=\ny\0LAST=z z';

  test.each([
    ['B', 'first'],
    ['AB', '1'],
    ['EMPTY', ''],
    ['B_C', '2'],
    ['D', '=x=\ny'],
    ['LAST', 'z z'],
    ['C', undefined],
    ['A', undefined],
    ['LAS', undefined],
    ['x', undefined],
    ['first', undefined],
  ])('has %s=%o', (name, value) => {
    expect(variableIn(text, name)).toBe(value);
    expect(variableIn(`${text}\0`, name)).toBe(value);
  });

  test('is empty', () => expect(variableIn('', 'A')).toBeUndefined());

  test('of a process is what it was started with', async () => {
    const env = { MAKELEVEL: '2', MAKEFLAGS: ' -j4 -- X=a\\ b', LEVEL: '', PATH: process.env.PATH };
    const child = start('sh', ['-c', 'MAKEFLAGS=other; export MAKEFLAGS; echo $$; read x'], {
      env,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const [pid = 0] = await readPids(child);
    const environment = readEnvironment(pid) ?? '';
    expect(variableIn(environment, 'MAKEFLAGS')).toBe(' -j4 -- X=a\\ b');
    expect(variableIn(environment, 'MAKELEVEL')).toBe('2');
    expect(variableIn(environment, 'LEVEL')).toBe('');
    expect(variableIn(environment, 'MFLAGS')).toBeUndefined();
  });

  test('of a process that has ended is not known', () => expect(readEnvironment(2 ** 22 + 1)).toBeUndefined());
});

describe('the descriptors of a process', () => {
  test('are listed with what they lead to', async () => {
    const file = copySleep('file');
    const fd = openSync(file, 'r');
    const child = start('sleep', ['100'], { stdio: ['ignore', 'pipe', 'ignore', 'ignore', 'ignore', fd] });
    await once(child, 'spawn');
    const pid = child.pid as number;
    // The parent of the tests may have left others open.
    expect(listDescriptors(pid)).toEqual(expect.arrayContaining([0, 1, 2, 5]));
    expect(readDescriptor(pid, 5)).toBe(file);
    expect(readDescriptor(pid, 0)).toBe('/dev/null');
    expect(descriptorStat(pid, 5)?.ino).toBe(statSync(file, { bigint: true }).ino);
    expect(readDescriptor(pid, 6)).toBeUndefined();
    expect(descriptorStat(pid, 6)).toBeUndefined();
  });

  test('of one that has ended are none', () => {
    expect(listDescriptors(2 ** 22 + 1)).toEqual([]);
    expect(readDescriptor(2 ** 22 + 1, 0)).toBeUndefined();
    expect(descriptorStat(2 ** 22 + 1, 0)).toBeUndefined();
  });
});

describe('a process id', () => {
  test.each(['1.0', '12345.67890', '1.99999999999999999999'])('%o is one', (text) =>
    expect(parseProcessId(text)).toBe(text),
  );
  test.each(['', '1', '1.', '.1', '1.2.3', '-1.2', '1.2\n', ' 1.2', '1.x', '1.2-3.4', '../1.2'])('%o is none', (text) =>
    expect(parseProcessId(text)).toBeUndefined(),
  );
  test('begins with the pid', () => expect(pidOf('123.456')).toBe(123));
});
