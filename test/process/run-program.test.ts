import { once } from 'node:events';
import { chmodSync, closeSync, copyFileSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Running, startProgram } from '../../src/process/run-program.js';
import { bundle } from './bundle.js';
import { start as startProcess } from './start.js';

const ENV = { PATH: process.env.PATH };

function start(file: string, args: string[] = [], descriptors: [number, number][] = [], env = {}): Running {
  return startProgram({ file, args, env: { ...ENV, ...env }, descriptors: new Map(descriptors) });
}

describe('startProgram', () => {
  it.each([
    ['true', [], 0],
    ['sh', ['-c', 'exit 7'], 7],
    ['sh', ['-c', 'kill -KILL $$'], { signal: 'SIGKILL' }],
    ['sh', ['-c', '[ "$1" = "a b" ]', 'sh', 'a b'], 0],
  ])('reports how %s %j ended', async (file, args, end) => {
    expect(await start(file, args).ended).toEqual(end);
  });

  it.each([
    ['./nowhere', [], 'not-found', "cannot run './nowhere': No such file or directory"],
    ['nowhere-on-path', [], 'not-found', "cannot run 'nowhere-on-path': No such file or directory"],
    ['/', [], 'not-executable', "cannot run '/': Permission denied"],
    ['true', ['x'.repeat(200_000)], 'not-executable', "cannot run 'true': Argument list too long"],
  ])('says why %s cannot be started', async (file, args, kind, message) => {
    await expect(start(file, args).ended).rejects.toMatchObject({ name: 'JobserverError', kind, message });
  });

  it('gives it the environment without what is undefined', async () => {
    const env = { GIVEN: 'a\nb', HIDDEN: undefined };
    expect(await start('sh', ['-c', '[ "$GIVEN" = "a\nb" ] && [ -z "$' + '{HIDDEN+set}" ]'], [], env).ended).toBe(0);
  });

  it('gives it descriptors at other numbers, and none between them', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'js-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const fd = openSync(join(folder, 'out'), 'w');
    const script = 'echo seven >&7; [ ! -e /proc/self/fd/5 ] && echo none >&7';
    expect(await start('sh', ['-c', script], [[7, fd]]).ended).toBe(0);
    closeSync(fd);
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('seven\nnone\n');
  });

  it('passes a signal on', async () => {
    const running = start('sleep', ['1000']);
    running.kill('SIGTERM');
    expect(await running.ended).toEqual({ signal: 'SIGTERM' });
    // After its end it gets none.
    running.kill('SIGTERM');
  });
});

/** Starts its operands, and sends two signals if they are cat(1). */
const SIGNALLER = `
import { readFileSync } from 'node:fs';
import { startProgram } from './process/run-program.js';
const [, file, ...args] = process.argv;
const running = startProgram({ file, args, env: process.env, descriptors: new Map() });
running.ended.then((end) => console.log('ended', end));
while (!readFileSync('/proc/' + running.pid + '/cmdline', 'latin1').startsWith('cat')) ;
running.kill('SIGTERM');
running.kill('SIGTERM');
setImmediate(() => console.log('signalled'));
`;

it.runIf(process.getuid?.() === 0)('goes on when the system refuses its signals, as to a setuid program', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'js-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  chmodSync(folder, 0o755);
  const root = join(folder, 'root');
  copyFileSync('/usr/bin/setpriv', root);
  chmodSync(root, 0o4755);
  const asNobody = ['--reuid=65534', '--regid=65534', '--clear-groups'];
  const program = readFileSync(bundle(SIGNALLER), 'utf8');
  const words = [...asNobody, process.execPath, '-e', program, root, '--reuid=0', 'cat'];
  const child = startProcess('setpriv', words, { cwd: '/', stdio: ['pipe', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
  }
  const closed = once(child, 'close');
  await expect.poll(() => text).toMatch(/\n/);
  child.stdin?.end();
  await closed;
  expect(text).toBe('signalled\nended 0\n');
});
