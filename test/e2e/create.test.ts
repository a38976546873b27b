import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { make441Dir } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const SHELLS = ['dash', 'bash', 'zsh'];

/** Shell functions: the tokens in the FIFO `f`, which are put back, and how many slots can be had at once. */
const COUNT = `
tokens() {
  dd if=f iflag=nonblock bs=4096 count=1 2>/dev/null >taken
  cat taken >f
  wc -c <taken
}
slots() {
  count=0
  while js-acquire --no-wait >/dev/null 2>&1; do count=$((count + 1)); done
  js-release
  echo $count
}
`;

/** Joins a new pool in a script that is not about its end, which would take the keeper up to a second to see. */
const create = (options: string) => `eval "$(js-create ${options})"; trap js-destroy EXIT`;

/** A line for a script: which make is first on PATH. */
const useMake = (version: string) => (version === '4.4.1' ? `PATH=${make441Dir}:$PATH` : ':');

const pidOf = (id: string) => Number.parseInt(id, 10);

/** Returns what pool.json says of the only pool of a world. */
function readPool(world: World) {
  const name = readdirSync(world.state).find((entry) => existsSync(join(world.state, entry, 'pool.json'))) ?? '';
  const folder = join(world.state, name);
  const { keeper } = JSON.parse(readFileSync(join(folder, 'pool.json'), 'utf8'));
  return { claims: join(folder, 'claims'), keeper: pidOf(keeper) };
}

function isRunning(pid: number): boolean {
  try {
    // Its parent is init, which may be slow to reap it.
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/** Waits until nothing of a pool is left: no keeper, no FIFO, no state. */
async function expectEnd(world: World, keeper: number): Promise<void> {
  expect(keeper).toBeGreaterThan(1);
  await expect.poll(() => isRunning(keeper), { timeout: 5000 }).toBe(false);
  expect(existsSync(join(world.dir, 'f'))).toBe(false);
  await world.expectNoPool();
}

describe('eval "$(js-create)"', () => {
  it.each(SHELLS)('joins in %s, and keeps the other flags of make', async (shell) => {
    const world = makeWorld();
    const { stdout, stderr } = await world.run(
      `${COUNT} ${create('-j 4 --fifo f')}
      printf '%s\\n' "$MAKEFLAGS" "\${CARGO_MAKEFLAGS-unset} \${MFLAGS-unset}"; tokens; slots; tokens`,
      { shell, env: { MAKEFLAGS: 'k --no-print-directory -- A=b\\ c', CARGO_MAKEFLAGS: '-j9', MFLAGS: '-k' } },
    );
    const [flags, ...rest] = stdout.trim().split('\n');
    expect(flags).toMatch(/^k -j4 --jobserver-auth=\d,\d --no-print-directory -- A=b\\ c --jobserver-auth=fifo:\/\S+$/);
    expect({ rest, stderr }).toEqual({ rest: ['unset unset', '3', '4', '3'], stderr: '' });
  });

  it.each([
    ['that ends', ':'],
    ['that is killed', 'kill -KILL $$'],
  ])('leaves nothing of the pool behind a shell %s', async (_, end) => {
    const world = makeWorld();
    const keeper = `sed -n 's/.*"keeper": "\\([0-9]*\\).*/\\1/p' run/*/*/pool.json`;
    world.file('session', `eval "$(js-create -j 4 --fifo f)"; ${keeper}; ${end}; :`);
    await expectEnd(world, Number((await world.run('bash session; :')).stdout));
  });

  it.each([
    ...SHELLS.map((shell): [string, string] => [shell, 'eval "$(js-create -j 2 | cat)"; echo $$; PAUSE']),
    ...SHELLS.map((shell): [string, string] => [shell, 'js-create -j 2 >code; . ./code; echo $$; PAUSE']),
    ['bash', '{ eval "$(js-create -j 2)"; echo $BASHPID; PAUSE; } & wait'],
    ['zsh', '( eval "$(js-create -j 2 | cat)"; sh -c "echo \\$PPID"; PAUSE ); :'],
  ])('makes the pool for the shell itself: %s, %s', async (shell, script) => {
    const world = makeWorld();
    const running = world.run(`mkfifo go; ${script.replace('PAUSE', 'read -r _ <go; js-destroy')}`, { shell });
    // Opening the write end returns when the shell has joined and reads.
    await world.run('until [ -p go ]; do sleep 0.01; done; exec 3>go; cp run/*/*/pool.json .');
    const { owner } = JSON.parse(readFileSync(join(world.dir, 'pool.json'), 'utf8'));
    expect((await running).stdout).toBe(`${pidOf(owner)}\n`);
  });
});

describe.each(SHELLS)('the descriptors that a pair takes in %s', (shell) => {
  /** Has the descriptors open, as it is read from a file: some shells use others for a moment if it is an argument. */
  const joinBeside = (used: string, then: string) =>
    `exec ${used.replace(/\d/g, '$&>/dev/null')}; eval "$(js-create -j 2 --auth pipe --fifo f)" && { ${then}; js-destroy --fifo f; }`;

  it.each([
    ['', '8,7'],
    ['8 7', '6,5'],
    ['3 4 5 6 7', '8,9'],
    ['5 6 7 8 9', '4,3'],
  ])('next to %j are %s', async (used, pair) => {
    const { stdout, stderr } = await makeWorld().run(joinBeside(used, 'echo "$MAKEFLAGS"'), { shell });
    expect({ stdout, stderr }).toEqual({ stdout: expect.stringContaining(`--jobserver-auth=${pair}`), stderr: '' });
  });

  it.each([
    ['3 4 5 6 7 8 9', 'none is free'],
    ['4 5 6 7 8 9', 'only 3 is free'],
    ['3 4 5 6 7 8', 'only 9 is free'],
  ])('next to %j are too few', async (used, free) => {
    const { stderr, status } = await makeWorld().run(joinBeside(used, ':'), { shell });
    const reason = `two descriptors from 3 to 9 must be free, but ${free}; close some, or use --auth fifo`;
    expect({ stderr, status }).toEqual({
      stderr: `js-create: cannot open the pool in the shell: ${reason}\n`,
      status: 1,
    });
  });

  it('do not include the one that scripts use with flock(1)', async () => {
    const world = makeWorld();
    world.file('makefile', 'all: ; @+echo made\n');
    const script = `${create('-j 2 --auth pipe')}; ( flock 9; make -s ) 9>lock`;
    expect(await world.run(script, { shell })).toEqual({ status: 0, stdout: 'made\n', stderr: '' });
  });
});

/** Commands that fail, before and after their options were understood, with their exit status. */
const FAILING: [string, number][] = [
  ['js-create -j 0', 2],
  ['js-create --job 2', 2],
  ['js-create -j', 2],
  ['js-create -j 2 --fifo missing/f', 1],
  ['js-env', 69],
  ['js-env --auth', 2],
  ['js-env --strip --unknown', 2],
];

describe.each(SHELLS)('eval of the output of a failing command, in %s', (shell) => {
  it.each(FAILING)('%s: %i', async (command, status) => {
    const script = `eval "$(${command})"; echo $?; eval "$(${command})" || echo failed; set -e; eval "$(${command})"; echo survived`;
    const ended = await makeWorld().run(script, { shell });
    expect({ status: ended.status, stdout: ended.stdout }).toEqual({ status, stdout: `${status}\nfailed\n` });
  });
});

it.each([
  'js-create -j 0 -- true',
  'js-create --unknown -- true',
  'js-env --check --fifo nowhere',
  'js-env --json',
  'js-acquire',
])('prints no code that fails: %s', async (command) => {
  const { stdout, status } = await makeWorld().run(command);
  expect({ stdout, failed: status > 0 }).toEqual({ stdout: '', failed: true });
});

describe('js-create', () => {
  it('refuses a state folder whose name MAKEFLAGS cannot carry to cargo and ninja', async () => {
    const world = makeWorld();
    const env = { JOBSERVER_TOOLS_STATE: join(world.dir, 'a$b') };
    const words = `JOBSERVER_TOOLS_STATE: '${world.dir}/a$b' contains the character "$", which is not safe in MAKEFLAGS; choose another path`;
    const { status, stderr } = await world.run('js-create -- true', { env });
    expect({ status, stderr }).toEqual({ status: 2, stderr: `js-create: ${words} (see js-create --help)\n` });
    expect(await world.run('js-create --fifo f -- true', { env })).toMatchObject({ status: 0, stderr: '' });
  });

  it('--owner PID ends the pool with that process, not with the shell', async () => {
    const world = makeWorld();
    const owner = world.run('mkfifo go; echo $$ >owner; read -r _ <go; :');
    await world.run('until [ -s owner ]; do sleep 0.01; done');
    world.file('session', 'js-create -j 2 --fifo f --owner "$(cat owner)" --auth fifo; js-acquire --fifo f');
    expect((await world.run('bash session; :')).stdout).toMatch(/--jobserver-auth=fifo:/);
    const { claims, keeper } = readPool(world);
    // It has looked after the shell's end: it returned the shell's claim.
    await expect.poll(() => readdirSync(claims), { timeout: 5000 }).toEqual([]);
    expect(existsSync(join(world.dir, 'f'))).toBe(true);
    await world.run('echo >go');
    await owner;
    await expectEnd(world, keeper);
  });

  it('--owner none keeps the pool until js-destroy', async () => {
    const world = makeWorld();
    world.file('session', 'js-create -j 2 --fifo f --owner none --auth fifo >/dev/null; js-acquire --fifo f');
    await world.run('bash session; :');
    const { claims, keeper } = readPool(world);
    try {
      await expect.poll(() => readdirSync(claims), { timeout: 5000 }).toEqual([]);
      expect((await world.run('js-run --fifo f --no-wait echo ran')).stdout).toBe('ran\n');
    } finally {
      expect(await world.run('js-destroy --fifo f')).toEqual({ status: 0, stdout: '', stderr: '' });
    }
    await expectEnd(world, keeper);
  });

  it.each([
    ['-j 4 --all-tokens', '4', '4'],
    ['-j 1 --all-tokens', '1', '1'],
    ['-j 2', '1', '2'],
    ['-j 1', '0', '1'],
    ['--jobs=4096', '4095', undefined],
  ])('%s: %s tokens, %s slots', async (options, ...counts) => {
    const script = `${COUNT} ${create(`${options} --fifo f`)}; tokens; ${counts[1] ? 'slots' : ''}`;
    const { stdout, stderr } = await makeWorld().run(script);
    expect({ counts: stdout.trim().split('\n'), stderr }).toEqual({ counts: counts.filter(Boolean), stderr: '' });
  });

  it('-j 1 makes a pool that runs one job at a time', async () => {
    const { stdout } = await makeWorld().run(`${create('-j 1')}; js-run --no-wait js-run --no-wait echo nested
      js-acquire >/dev/null; js-run --no-wait echo second; echo $?`);
    expect(stdout).toBe('nested\n75\n');
  });

  it('leaves nothing behind if a signal ends it before there is a keeper', async () => {
    const world = makeWorld();
    world.file('bin/mkfifo', '#!/bin/sh\ncommand -p mkfifo "$@"\nkill -TERM $PPID\n');
    expect((await world.run('eval "$(js-create -j 2)"; echo $?')).stdout).toBe('143\n');
  });

  it('--mode gives the FIFO its mode, whatever the umask', async () => {
    const { stdout } = await makeWorld().run(`umask 077; ${create('-j 2 --fifo f --mode 0660')}; stat -c %a f`);
    expect(stdout).toBe('660\n');
  });

  it('-v says how N was chosen', async () => {
    const env = { SLURM_CPUS_PER_TASK: '1' };
    const { stdout, stderr } = await makeWorld().run(`${create('-v')}; echo "$MAKEFLAGS"`, { env });
    expect(stderr).toBe('js-create: N is 1: SLURM_CPUS_PER_TASK\n');
    expect(stdout).toMatch(/^ -j1 --jobserver-auth=\d,\d -- --jobserver-auth=fifo:\/\S+\n$/);
  });

  it.each([
    ['4.3', 'auto', /^\d,\d -- --jobserver-auth=fifo:\/\S+$/],
    ['4.3', 'fifo', /^fifo:\//],
    ['4.4.1', 'auto', /^fifo:\//],
    ['4.4.1', 'pipe', /^\d,\d$/],
  ])('with make %s on PATH, --auth %s advertises %s', async (make, auth, expected) => {
    const script = `${useMake(make)}; ${create(`-j 2 --auth ${auth}`)}; echo "\${MAKEFLAGS#*=}"`;
    expect((await makeWorld().run(script)).stdout.trim()).toMatch(expected);
  });

  it.each([
    ['4.3', /--jobserver-auth=\d,\d/],
    ['4.4.1', /--jobserver-auth=fifo:/],
  ])('lets a make %s typed in the shell join: %s', async (make, auth) => {
    const world = makeWorld();
    const jobs = 'a b c d e f g h';
    world.file('Makefile', `all: ${jobs}\n${jobs}:\n\t@echo "$$MAKEFLAGS"; span $@ meet 4\n`);
    const { stdout, stderr } = await world.run(`${useMake(make)}; ${create('-j 4')}; make`);
    expect(stdout).toMatch(auth);
    expect(stderr).toBe('');
    expect(peak(await world.spans())).toBe(4);
  });
});

describe('js-create -- COMMAND', () => {
  it.each([
    ['sh -c "exit 7"', 7],
    ['sh -c "kill -TERM \\$\\$"', 143],
    ['sh -c "kill -KILL \\$\\$"', 137],
    ['sh -c "kill -PIPE \\$\\$"', 141],
    ['/nonexistent/program', 127],
    ['nonexistent-program', 127],
    ['/dev/null', 126],
  ])('exits as %s does: %i', async (command, status) => {
    const { stdout, stderr } = await makeWorld().run(`js-create -j 2 -- ${command}; echo $?; ls run/*`);
    expect(stdout).toBe(`${status}\nversions\n`);
    if (status === 126 || status === 127) expect(stderr).toMatch(/^js-create: cannot run '[^']+': [^\n]+\n$/);
  });

  it('passes on stdin, stdout, stderr, further descriptors and arguments', async () => {
    const { stdout, stderr } = await makeWorld().run(
      `exec 5<<<five; echo in | js-create -j 2 -- sh -c 'cat; echo err >&2; cat <&5; printf "<%s>" "$@"' - 'a  b' '' -- '*'`,
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'in\nfive\n<a  b><><--><*>', stderr: 'err\n' });
  });
});

it('js-create exits as its command did even if its keeper does not exit, and says so', async () => {
  const world = makeWorld();
  world.file(
    'job',
    `keeper=$(grep -oP 'keeper": "\\K[0-9]+' run/*/*/pool.json); kill -STOP $keeper; echo $keeper >keeper; exit 5`,
  );
  const ended = await world.run('js-create -j 2 -- sh job; echo $?; kill -CONT $(cat keeper)');
  expect(ended).toEqual({
    status: 0,
    stdout: '5\n',
    stderr: expect.stringMatching(
      /^js-create: the keeper \(pid \d+\) of the pool '.*' did not exit within 10 s; end it with kill -9, then run js-destroy\n$/,
    ),
  });
});

it.each([
  'timeout 20 js-create -j 2',
  'timeout 20 js-create -j 2 | cat',
  'js-create -j 2 | cat',
  'sh -c "js-create -j 2"',
  'env sh -c "js-create -j 2"; true',
])('a pool is of the shell that runs its code: %s', async (command) => {
  const { stdout, stderr } = await makeWorld().run(
    // Longer than two looks of the keeper.
    `eval "$(${command})"; echo "$$ $(grep -oP 'owner": "\\K\\d+' run/*/*/pool.json)"; sleep 2.2; js-run -n 2 echo ran`,
  );
  expect(stdout).toMatch(/^(\d+) \1\nran\n$/);
  expect(stderr).toBe('');
});

it('js-create makes no pool if its output is closed', async () => {
  const { status, stderr } = await makeWorld().run('js-create -j 2 >&-');
  expect({ status, stderr }).toEqual({
    status: 1,
    stderr: "js-create: cannot write 'standard output': Bad file descriptor\n",
  });
});

describe('what outlives its pool', () => {
  const GONE = /^js-run: warning: [^\n]* running the command without a slot\n$/;
  it.each([
    ['js-run true & js-destroy; wait', 'pipe'],
    ['js-run true & js-destroy; wait', 'fifo'],
  ])('%s', async (script, auth) => {
    const { stdout, stderr } = await makeWorld().run(
      `eval "$(js-create -j 2 --auth ${auth})"; { ${script}; } 2>/dev/null; js-run --timeout 5 echo ran`,
    );
    expect(stdout).toBe('ran\n');
    expect(stderr).toMatch(GONE);
  });

  it.each(['pipe', 'fifo'])('a subshell of the shell that made it (%s)', async (auth) => {
    const { stdout, stderr } = await makeWorld().run(
      `bash -c 'eval "$(js-create -j 1 --auth ${auth})"
        (while ls run/*/*.fifo >/dev/null 2>&1; do sleep 0.02; done; js-run --timeout 5 echo ran) & exit'`,
    );
    expect(stdout).toBe('ran\n');
    expect(stderr).toMatch(GONE);
  });

  it('and has nothing but a pair of it', async () => {
    const { stdout, stderr } = await makeWorld().run(
      `eval "$(js-create -j 2 --auth pipe)"; js-destroy; unset JOBSERVER_TOOLS_FIFO
      MAKEFLAGS=$(echo "$MAKEFLAGS" | sed 's/ --.*-- / /; s/--jobserver-auth=fifo:[^ ]*//g'); js-run --timeout 5 echo ran`,
    );
    expect(stdout).toBe('ran\n');
    expect(stderr).toMatch(GONE);
  });
});
