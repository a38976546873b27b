import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { listDescriptors, readDescriptor } from '../../src/process/process-descriptors.js';
import { readPids, start } from '../process/start.js';
import { makeWorld, type World } from './world.js';

/** Returns whether a process has a TCP socket that others can connect to (proc_pid_net(5)). */
function listens(pid: number): boolean {
  const rows = readFileSync(`/proc/${pid}/net/tcp`, 'latin1')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  const listening = rows.flatMap(([, , , state, , , , , , inode]) => (state === '0A' ? [`socket:[${inode}]`] : []));
  return listDescriptors(pid).some((fd) => listening.includes(readDescriptor(pid, fd) ?? ''));
}

/** Sends SIGUSR1 to a process; it has opened no debugger when another Node, which gets it later, has opened one. */
async function expectNoDebugger(pid: number): Promise<void> {
  const code = 'console.log(process.pid); setInterval(() => {}, 1000)';
  const plain = start(process.execPath, ['--inspect-port=0', '-e', code], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [other = 0] = await readPids(plain);
  process.kill(pid, 'SIGUSR1');
  process.kill(other, 'SIGUSR1');
  await expect.poll(() => listens(other), { timeout: 10_000 }).toBe(true);
  expect(listens(pid)).toBe(false);
}

async function wait(world: World, name: string): Promise<number> {
  const file = join(world.dir, name);
  await expect.poll(() => existsSync(file) && readFileSync(file, 'utf8'), { timeout: 10_000 }).toMatch(/\n/);
  return Number(readFileSync(file, 'utf8'));
}

it('SIGUSR1 opens no debugger in a keeper', async () => {
  const world = makeWorld();
  world.file('job', `grep -oP 'keeper": "\\K[0-9]+' run/*/*/pool.json >keeper; until [ -e done ]; do sleep 0.02; done`);
  const running = world.run('js-create -j 2 -- sh job');
  await expectNoDebugger(await wait(world, 'keeper'));
  world.file('done', '');
  expect(await running).toEqual({ status: 0, stdout: '', stderr: '' });
});

it('SIGUSR1 opens no debugger in a command that does not wait for signals', async () => {
  const world = makeWorld();
  mkdirSync(join(world.dir, 'tools'));
  world.file(
    'tools/make',
    '#!/bin/sh\necho $PPID >asking; until [ -e done ]; do sleep 0.02; done; echo GNU Make 4.4.1\n',
  );
  const running = world.run(
    'eval "$(js-create -j 2 --auth fifo)"; PATH=$PWD/tools:$PATH js-env --check >/dev/null; js-destroy',
  );
  await expectNoDebugger(await wait(world, 'asking'));
  world.file('done', '');
  expect(await running).toEqual({ status: 0, stdout: '', stderr: '' });
});
