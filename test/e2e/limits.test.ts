import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { makeWorld } from './world.js';

/** What a script prints below limits on the number of open files, of which Node raises the soft one when it starts. */
const below = (limits: string, script: string) => makeWorld().run(`${limits}\n${script}\n:`);

describe('the limit on open files', () => {
  it.each([
    'js-run',
    'js-run js-run',
    'js-run js-run js-run',
    'js-create -j 2 --',
    'js-create -j 2 -- js-run',
    'js-create -j 3 -- js-run -n 2 js-run',
  ])('of a job is the one that the command has: %s', async (command) => {
    const print = "sh -c 'ulimit -Sn; ulimit -Hn'";
    const { stdout, stderr } = await below('ulimit -Sn 1000; ulimit -Hn 2000', `${command} ${print}`);
    expect({ stdout, stderr }).toEqual({ stdout: '1000\n2000\n', stderr: '' });
  });

  it('of a job is the one that a shell set before the command took its place', async () => {
    const { stdout } = await below(
      'ulimit -Sn 1000; ulimit -Hn 2000',
      `(ulimit -n 1500; exec js-run sh -c 'ulimit -Sn')`,
    );
    expect(stdout).toBe('1500\n');
  });

  it('changes nothing else of the job', async () => {
    const world = makeWorld();
    world.file('plain', 'echo plain "$@"');
    world.file('script', '#!/bin/sh\necho script "$@"\n');
    world.file('orphan', '#!/nowhere/sh\n');
    chmodSync(world.file('data', ''), 0o644);
    const commands = [
      "env -- sh -c 'echo $0 $1' -- --nofile=1:",
      './plain a',
      './script "b c"',
      './orphan',
      './data',
      'nowhere',
    ];
    const script = (prefix: string) =>
      [
        'ulimit -Sn 1000; ulimit -Hn 2000',
        ...commands.map((command) => `${prefix} ${command} 2>/dev/null; echo $?`),
      ].join('\n');
    const env = { 'odd-name': 'kept' };
    const direct = await world.run(script('env'), { env });
    expect((await world.run(script('js-run'), { env })).stdout).toBe(direct.stdout);
    const odd = await world.run(`ulimit -Sn 1000; ulimit -Hn 2000; js-run printenv odd-name`, { env });
    expect(odd.stdout).toBe('kept\n');
  });

  it.each([
    ['nowhere', 127, "js-run: cannot run 'nowhere': No such file or directory\n"],
    ['./data', 126, "js-run: cannot run './data': Permission denied\n"],
  ])('does not change why %s cannot be run', async (command, status, message) => {
    const world = makeWorld();
    chmodSync(world.file('data', ''), 0o644);
    const ended = await world.run(`ulimit -Sn 1000; ulimit -Hn 2000; js-run ${command}; echo $?`);
    expect(ended).toEqual({ status: 0, stdout: `${status}\n`, stderr: message });
  });

  it('is left as it is if there is no prlimit(1)', async () => {
    const world = makeWorld();
    const { stdout, stderr } = await world.run(
      `ulimit -Sn 1000; ulimit -Hn 2000; ln -s $(which sh) bin; PATH=$PWD/bin; js-run sh -c 'ulimit -Sn'`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: '2000\n', stderr: '' });
  });
});

/** A kernel that gives cores to a program leaves no file (core(5)). */
const leavesFiles = !/[|/]/.test(readFileSync('/proc/sys/kernel/core_pattern', 'latin1'));

describe.runIf(leavesFiles)('the core of a job', () => {
  it.each([
    ['js-run', 'SEGV', 139],
    ['js-run js-run', 'ABRT', 134],
    ['js-create -j 2 --', 'QUIT', 131],
  ])('stays: %s, SIG%s', async (command, signal, status) => {
    const world = makeWorld();
    const job = `sh -c 'kill -${signal} $$'`;
    const { stdout } = await world.run(`ulimit -c unlimited; ${command} ${job} 2>/dev/null; echo $?`);
    expect(stdout).toBe(`${status}\n`);
    const cores = readdirSync(world.dir).filter((name) => name.startsWith('core'));
    expect(cores).toHaveLength(1);
    // As the kernel notes whose it is (elf(5): NT_PRPSINFO).
    const core = readFileSync(join(world.dir, cores[0] as string), 'latin1');
    expect(core.includes(`\0sh -c kill -${signal} $$`)).toBe(true);
  });
});
