import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openTerminal, type Shell, type Terminal } from './tmux.js';
import { makeWorld, type World } from './world.js';

/** A command that writes down its signals as they come, and exits with 5 when the file `done` is there. */
const RECORDER = `#!/bin/bash
for signal in INT QUIT HUP TERM USR1; do trap "echo $signal >>got" $signal; done
echo "$$ $PPID" >up
until [ -e done ]; do sleep 0.02; done
exit 5
`;

/** Returns what a file of the world holds when it holds something. */
async function wait(world: World, name: string, expected: string | RegExp = /\n/): Promise<string> {
  const file = join(world.dir, name);
  const read = () => (existsSync(file) ? readFileSync(file, 'utf8') : '');
  await expect.poll(read, { timeout: 10_000, interval: 20 }).toMatch(expected);
  return read();
}

/** Opens a terminal whose shell has joined a pool for one job, and runs a command line that starts the recorder. */
async function record(world: World, line: string, shell?: Shell) {
  world.file('recorder', RECORDER);
  const terminal = await openTerminal(world, shell);
  await terminal.type('eval "$(js-create -j 1 --fifo f)"');
  await terminal.type(line);
  const [command = 0, parent = 0] = (await wait(world, 'up')).split(' ').map(Number);
  return { terminal, command, parent };
}

/** Ends the shell, and also the pool, before the keeper would see that. */
async function leave(world: World, terminal: Terminal): Promise<void> {
  await terminal.type('js-destroy; exit');
  await world.expectNoPool();
}

const stateOf = (pid: number) => /^State:\t(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];

describe('a key', () => {
  it.each([
    ['C-c', 'INT', 'js-run ./recorder', 'bash'],
    ['C-c', 'INT', 'js-run ./recorder', 'zsh'],
    ['C-c', 'INT', 'js-run ./recorder', 'dash'],
    ['C-\\', 'QUIT', 'js-run ./recorder', 'bash'],
    ['C-c', 'INT', 'js-run js-run ./recorder', 'bash'],
    ['C-c', 'INT', 'js-create -j 2 -- ./recorder', 'bash'],
    ['C-c', 'INT', 'js-create -j 2 -- js-run ./recorder', 'bash'],
  ] as const)('reaches the command once: %s, SIG%s, %s in %s', async (key, signal, command, shell) => {
    const world = makeWorld();
    const { terminal, parent } = await record(world, `${command}; echo $? >status`, shell);
    await terminal.press(key);
    await wait(world, 'got', signal);
    // A fence: it comes after all that the key did.
    await world.run(`kill -USR1 ${parent}`);
    expect(await wait(world, 'got', 'USR1')).toBe(`${signal}\nUSR1\n`);
    world.file('done', '');
    expect(await wait(world, 'status')).toMatch(/^(5|130)\n$/);
    await terminal.type('js-run --no-wait echo free >free');
    await wait(world, 'free', 'free');
    await leave(world, terminal);
  });

  it('ends js-each when its job has got it once', async () => {
    const world = makeWorld();
    const { terminal, parent } = await record(world, 'js-each ./recorder ::: 1 2');
    await expect
      .poll(() => terminal.screen(), { timeout: 10_000 })
      .toMatch(/^0\/2 done, 1 running, waiting for slots$/m);
    await terminal.press('C-c');
    await wait(world, 'got', 'INT');
    await world.run(`kill -USR1 ${parent}`);
    expect(await wait(world, 'got', 'USR1')).toBe('INT\nUSR1\n');
    world.file('done', '');
    const message = 'js-each: SIGINT: ended 1 job; 1 job did not run';
    await expect.poll(() => terminal.screen(), { timeout: 10_000 }).toContain(message);
    await terminal.type('js-run --no-wait echo free >free');
    await wait(world, 'free', 'free');
    await leave(world, terminal);
  });

  it('^Z and fg stop and continue js-each and its job', async () => {
    const world = makeWorld();
    const { terminal, command, parent } = await record(world, 'js-each ./recorder ::: 1');
    await terminal.press('C-z');
    await expect.poll(() => [stateOf(command), stateOf(parent)], { timeout: 10_000 }).toEqual(['T', 'T']);
    await terminal.type('fg; echo $? >status');
    world.file('done', '');
    // One job has failed.
    expect(await wait(world, 'status')).toBe('1\n');
    await leave(world, terminal);
  });

  it('reaches the commands in the background of a script once', async () => {
    const world = makeWorld();
    world.file(
      'script',
      'trap : INT\njs-run ./recorder & job=$!\nuntil wait $job; [ $? = 5 ]; do :; done; echo $? >status\n',
    );
    const { terminal, parent } = await record(world, 'bash script');
    await terminal.press('C-c');
    await wait(world, 'got', 'INT');
    await world.run(`kill -USR1 ${parent}`);
    expect(await wait(world, 'got', 'USR1')).toBe('INT\nUSR1\n');
    world.file('done', '');
    await wait(world, 'status');
    await leave(world, terminal);
  });

  it.each([
    ['bash', 'js-run', 'fg'],
    ['zsh', 'js-run', 'fg'],
    ['dash', 'js-run', 'fg'],
    ['bash', 'js-run', 'bg; fg'],
    ['zsh', 'js-run', 'bg; fg'],
    ['bash', 'js-run', 'kill -CONT %1; fg'],
    ['bash', 'js-run js-run', 'fg'],
    ['bash', 'js-create -j 1 --', 'fg'],
  ] as const)('stops the command, and it goes on, twice: %s, %s, %s', async (shell, command, line) => {
    const world = makeWorld();
    const { terminal, command: job, parent } = await record(world, `${command} ./recorder`, shell);
    for (const round of ['1', '2']) {
      await terminal.press('C-z');
      for (const pid of [job, parent]) await expect.poll(() => stateOf(pid), { timeout: 5000 }).toBe('T');
      // It keeps its slot.
      await terminal.type(`js-run --no-wait true; echo ${round} $? >busy`);
      expect(await wait(world, 'busy', round)).toBe(`${round} ${command.startsWith('js-run') ? 75 : 0}\n`);
      await terminal.type(`${line}; echo $? >status`);
      for (const pid of [job, parent]) await expect.poll(() => stateOf(pid), { timeout: 5000 }).not.toBe('T');
    }
    world.file('done', '');
    expect(await wait(world, 'status', '5')).toBe('5\n');
    await leave(world, terminal);
  });

  it.each(['js-run', 'js-create -j 2 --'])('is read by the command: %s cat', async (command) => {
    const world = makeWorld();
    const terminal = await openTerminal(world);
    await terminal.type('eval "$(js-create -j 1)"');
    await terminal.type(`${command} cat >copy; stty -a >modes`);
    await terminal.type('typed');
    await wait(world, 'copy', 'typed');
    await terminal.press('C-d');
    expect(await wait(world, 'modes', 'icanon')).toMatch(/ icanon .* echo /s);
    await leave(world, terminal);
  });

  it('a signal to a job in the background of the terminal is passed on', async () => {
    const world = makeWorld();
    const { terminal, parent } = await record(world, 'js-run ./recorder &');
    await world.run(`kill -INT ${parent}`);
    await wait(world, 'got', 'INT');
    await world.run(`kill -USR1 ${parent}`);
    expect(await wait(world, 'got', 'USR1')).toBe('INT\nUSR1\n');
    world.file('done', '');
    await terminal.type('wait');
    await leave(world, terminal);
  });
});

describe('a wait', () => {
  it('for memory is reported on a terminal after a second, and ^C ends it', async () => {
    const world = makeWorld();
    const terminal = await openTerminal(world);
    await terminal.type('eval "$(js-create -j 2)"; js-run --memory 80% sh -c "echo >busy; sleep 100" &');
    await wait(world, 'busy');
    await terminal.type('clear; js-run --memory 80% echo ran >out');
    const line = /^js-run: waiting for [\d.]+[GM] of memory: [\d.]+[GM] free, [\d.]+[GM] reserved/m;
    await expect.poll(() => terminal.screen(), { timeout: 10_000 }).toMatch(line);
    await terminal.press('C-c');
    await terminal.type('kill %1; wait; echo ended >>out');
    expect(await wait(world, 'out')).toBe('ended\n');
    await leave(world, terminal);
  });

  it('is reported on a terminal after a second, and ^C ends it', async () => {
    const world = makeWorld();
    const terminal = await openTerminal(world);
    await terminal.type('eval "$(js-create -j 2)"; js-acquire -n 2 >handle');
    await wait(world, 'handle');
    await terminal.type('js-run -q --timeout 2.5 true; echo $? >quiet');
    expect(await wait(world, 'quiet')).toBe('75\n');
    expect(await terminal.screen()).toMatch(/^js-run: no slot free/m);
    expect(await terminal.screen()).not.toContain('waiting');
    await terminal.type('js-run touch silent 2>err &');
    for (const [command, line] of [
      ['js-run echo ran', 'js-run: waiting for a slot'],
      ['js-run -n 2 --timeout 60 echo ran', 'js-run: waiting for 2 slots'],
      ['js-acquire', 'js-acquire: waiting for a slot'],
    ] as const) {
      await terminal.type(`clear; ${command} >out; echo $? >>status`);
      await expect.poll(() => terminal.screen(), { timeout: 5000 }).toContain(line);
      await terminal.press('C-c');
      await expect.poll(() => terminal.screen(), { timeout: 5000 }).toMatch(/ready> *$/m);
      expect(readFileSync(join(world.dir, 'out'), 'utf8')).toBe('');
    }
    // One that began to wait before them, and not on the terminal, said nothing.
    expect(readFileSync(join(world.dir, 'err'), 'utf8')).toBe('');
    await terminal.type('js-release; wait; js-run --no-wait -n 2 echo free >free');
    await wait(world, 'free', 'free');
    await leave(world, terminal);
  });
});

it('a terminal that closes ends the command and gives its slot back', async () => {
  const world = makeWorld();
  await world.run('js-create -j 1 --all-tokens --fifo f --owner none >/dev/null; :');
  try {
    const terminal = await openTerminal(world);
    await terminal.type('js-run --fifo f sh -c "echo \\$\\$ >pid; exec sleep 1000"');
    const pid = Number(await wait(world, 'pid'));
    await terminal.close();
    expect((await world.run('js-run --fifo f --timeout 5 echo free')).stdout).toBe('free\n');
    expect(existsSync(`/proc/${pid}`) && stateOf(pid) !== 'Z').toBe(false);
  } finally {
    await world.run('js-destroy --fifo f');
  }
});

describe('the modes of the terminal', () => {
  it.each([
    ['js-run', 'bash'],
    ['js-run', 'zsh'],
    ['js-run', 'fish'],
    ['js-run js-run', 'bash'],
    ['js-create -j 2 --', 'bash'],
    ['js-create -j 2 -- js-run', 'bash'],
  ] as const)('stay as the command left them: %s in %s', async (command, shell) => {
    const world = makeWorld();
    const terminal = await openTerminal(world, shell);
    await terminal.type(`${command} stty -echo; stty -a >modes; stty echo`);
    expect(await wait(world, 'modes', / echok /)).toMatch(/ -echo /);
    await terminal.type('exit');
  });

  // The line editors of these shells have the terminal in a mode of their own when the command starts; dash has none.
  it.each([
    ['js-run', 'bash', 'icanon echo'],
    ['js-run', 'zsh', 'icanon echo'],
    ['js-run', 'fish', 'icanon echo'],
    ['js-create -j 2 --', 'bash', 'icanon echo'],
    ['js-run', 'dash', '-icanon -echo'],
    ['js-create -j 2 --', 'dash', '-icanon -echo'],
  ] as const)('are those of the foreground when a command in the background ends: %s in %s', async (...row) => {
    const [command, shell, modes] = row;
    const world = makeWorld();
    world.file('recorder', RECORDER);
    world.file(
      'front',
      `#!/bin/sh\nstty ${modes}\ntouch front-up\nuntil [ -e gone ]; do sleep 0.02; done\nstty -a >modes\n`,
    );
    const terminal = await openTerminal(world, shell);
    await terminal.type(`${command} ./recorder &`);
    const [, parent = 0] = (await wait(world, 'up')).split(' ').map(Number);
    await terminal.type('./front');
    await expect.poll(() => existsSync(join(world.dir, 'front-up')), { timeout: 10_000 }).toBe(true);
    world.file('done', '');
    await expect.poll(() => !existsSync(`/proc/${parent}`) || stateOf(parent) === 'Z', { timeout: 10_000 }).toBe(true);
    world.file('gone', '');
    const found = await wait(world, 'modes', / echok /);
    for (const mode of modes.split(' ')) expect(found).toContain(` ${mode} `);
    await terminal.type('stty sane; exit');
  });

  it.each(['js-run', 'js-create -j 2 --'])('do not matter after a hangup: %s', async (command) => {
    const world = makeWorld();
    world.file('stubborn', '#!/bin/sh\ntrap "" HUP\necho $$ >up\nuntil [ -e done ]; do sleep 0.02; done\nexit 5\n');
    world.file('script', `trap '' HUP\n${command} ./stubborn\necho $? >status\n`);
    const terminal = await openTerminal(world);
    await terminal.type('bash script');
    const pid = Number(await wait(world, 'up'));
    await terminal.close();
    await expect.poll(() => readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ')[1]?.split(' ')[4]).toBe('0');
    world.file('done', '');
    expect(await wait(world, 'status')).toBe('5\n');
  });
});

it('js-create in a terminal says what it did', async () => {
  const world = makeWorld();
  const terminal = await openTerminal(world);
  await terminal.type('clear; js-create -j 2 --fifo f');
  await expect.poll(() => terminal.screen(), { timeout: 5000 }).toContain('eval "$(js-env --fifo');
  await terminal.type('js-destroy --fifo f');
  await world.expectNoPool();
});

it('a pipe is left blocking after --help', async () => {
  const flags = 'import fcntl, os; print(fcntl.fcntl(1, fcntl.F_GETFL) & os.O_NONBLOCK)';
  const { stdout } = await makeWorld().run(`(js-run --help; js-run true; python3 -c '${flags}') | tail -1`);
  expect(stdout).toBe('0\n');
});
