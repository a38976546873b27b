import { describe, expect, it } from 'vitest';
import { makeWorld, type World } from './world.js';

/** A command that writes down its signals as they come, and exits with 5 when the file `done` is there. */
const RECORDER = `#!/bin/bash
for signal in TERM HUP INT QUIT USR1 USR2; do trap "echo $signal >>got" $signal; done
echo $$ >up
until [ -e done ]; do sleep 0.02; done
exit 5
`;

const FUNCTIONS = `
until_true() {
  until eval "$1"; do sleep 0.02; done
}
claims() {
  ls run/*/*/claims 2>/dev/null
}
`;

/** Runs a bash script in a world with the recorder, without a terminal. */
function run(world: World, script: string) {
  world.file('recorder', RECORDER);
  world.file('script', FUNCTIONS + script);
  return world.run('bash script');
}

/** Runs a script as the session of a pool at `f`. */
function session(world: World, jobs: number, script: string, options = '') {
  world.file('recorder', RECORDER);
  world.file('script', FUNCTIONS + script);
  return world.run(`js-create -j ${jobs} --fifo f ${options} -- bash script`);
}

const SIGNALS = ['TERM', 'HUP', 'INT', 'QUIT', 'USR1', 'USR2'];

/** Sends a signal to the job alone, and then another: all that the first one does is done when the second is recorded. */
const sendOnce = (signal: string, command: string) => {
  const fence = signal === 'USR1' ? 'USR2' : 'USR1';
  return `${command} ./recorder & job=$!; until_true '[ -s up ]'
  kill -${signal} $job; until_true 'grep -q ${signal} got'; kill -${fence} $job; until_true 'grep -q ${fence} got'
  touch done; wait $job; echo $? $(grep -v ${fence} got)`;
};

describe('a signal to us alone', () => {
  it.each(SIGNALS)('reaches the command of js-run once: %s', async (signal) => {
    const { stdout } = await session(makeWorld(), 1, `${sendOnce(signal, 'js-run')}; js-run --no-wait echo free`);
    expect(stdout).toBe(`5 ${signal}\nfree\n`);
  });

  it.each(SIGNALS)('reaches the command of js-run once without a pool: %s', async (signal) => {
    expect((await run(makeWorld(), sendOnce(signal, 'js-run'))).stdout).toBe(`5 ${signal}\n`);
  });

  it.each(['TERM', 'INT', 'HUP', 'USR1'])('reaches the command of js-create once: %s', async (signal) => {
    const { stdout } = await run(makeWorld(), `${sendOnce(signal, 'js-create -j 2 --')}; ls run/*`);
    expect(stdout).toBe(`5 ${signal}\nversions\n`);
  });

  it.each([...SIGNALS.map((signal) => [signal, 'js-run']), ['TERM', 'js-run -n 2 --timeout 60'], ['KILL', 'js-run']])(
    'ends a wait at once, without taking a slot: %s, %s',
    async (signal, command) => {
      const { stdout } = await session(
        makeWorld(),
        2,
        `js-acquire -n 2 >h; ${command} touch ran & job=$!; until_true '[ "$(claims | wc -l)" = 2 ]'
      kill -${signal} $job; wait $job; echo $(kill -l $?); until_true '[ "$(claims)" = "$(cat h)" ]'
      js-release; js-acquire --no-wait -n 2 >/dev/null && echo all; cat ran`,
      );
      expect(stdout).toBe(`${signal}\nall\n`);
    },
  );
});

describe('a command that a signal ends', () => {
  const PARENT = (command: string) => `import subprocess
for signal in "HUP INT QUIT ABRT KILL USR1 SEGV USR2 PIPE ALRM TERM XFSZ".split():
    print(signal, subprocess.run(${command} + ["sh", "-c", "kill -" + signal + " $$"]).returncode)
`;

  it.each([
    ['js-run', '["js-run"]'],
    ['js-create', '["js-create", "-j", "2", "--"]'],
  ])('ends %s by the same signal', async (_, command) => {
    const world = makeWorld();
    world.file('parent.py', PARENT('[]'));
    const direct = await world.run('ulimit -c 0; python3 parent.py');
    world.file('parent.py', PARENT(command));
    const { stdout, stderr } = await world.run('ulimit -c 0; python3 parent.py');
    expect({ stdout, stderr }).toEqual({ stdout: direct.stdout, stderr: '' });
  });

  it.each(['js-run', 'js-create -j 2 --'])('ends %s: a reader that goes away', async (command) => {
    const { stdout, stderr } = await makeWorld().run(`${command} yes | head -1; echo "\${PIPESTATUS[0]}"`);
    expect({ stdout, stderr }).toEqual({ stdout: 'y\n141\n', stderr: '' });
  });
});

describe('SIGKILL', () => {
  it('to js-run: its slot comes back when the command has ended, not before', async () => {
    const { stdout } = await session(
      makeWorld(),
      2,
      `js-run ./recorder & job=$!; until_true '[ -s up ]'; kill -KILL $job; wait $job 2>/dev/null; left=$(claims)
      # The keeper looks at the claims of dead processes twice.
      for i in 1 2; do sh -c 'js-acquire >/dev/null; :'; until_true '[ "$(claims)" = "$left" ]'; done
      js-acquire >/dev/null; js-run --no-wait echo early 2>/dev/null
      js-run --timeout 5 sh -c '[ -e done ] && echo after' & touch done; wait; js-release; js-acquire -n 2 >/dev/null && echo all`,
    );
    expect(stdout).toBe('after\nall\n');
  });

  it('to js-create: its command stays, and so does the pool until that ends', async () => {
    const world = makeWorld();
    const { stdout } = await run(
      world,
      `js-create -j 2 --fifo f -- ./recorder & job=$!; until_true '[ -s up ]'; kill -KILL $job; wait $job 2>/dev/null
      kill -TERM $(cat up); until_true 'grep -q TERM got'; js-run --fifo f --timeout 10 echo alive; touch done
      until_true '[ ! -e f ]'; echo gone`,
    );
    expect(stdout).toBe('alive\ngone\n');
    await world.expectNoPool();
  });
});
