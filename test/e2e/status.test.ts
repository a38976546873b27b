import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import type { PoolStatus } from '../../src/status/pool-status.js';
import { make43, make441Dir, withPath } from '../setup/tools.js';
import { openTerminal } from './tmux.js';
import { makeWorld, type World } from './world.js';

const SCHEMA = resolve(import.meta.dirname, '../../docs/js-status.schema.json');
const ajv = new Ajv2020();
addFormats.default(ajv);
const isStatus = ajv.compile<PoolStatus>(JSON.parse(readFileSync(SCHEMA, 'utf8')));

/** Shell functions: a job that runs until there is a file `go`, and a wait until something holds. */
const FUNCTIONS = `
until_true() { until eval "$1"; do sleep 0.02; done; }
hold() { local file=busy-$RANDOM$RANDOM; js-run "$@" sh -c ": >$file; until [ -e go ]; do sleep 0.01; done" & until_true "[ -e $file ]"; }
`;

/** Runs a script that prints the JSON of js-status; checks it against the schema. */
async function statusIn(script: string, world: World = makeWorld(), path?: string): Promise<PoolStatus> {
  world.file('script', FUNCTIONS + script);
  const env = path === undefined ? {} : (withPath(path, world.env) as Record<string, string>);
  const { stdout, stderr } = await world.run('bash script', { env });
  const status: unknown = JSON.parse(stdout || JSON.stringify(stderr));
  if (!isStatus(status)) throw new Error(`${stdout}${stderr}${ajv.errorsText(isStatus.errors)}`);
  return status;
}

describe('js-status', () => {
  it('shows a new pool', async () => {
    const { slots, jobs, own, holding, waiting, source } = await statusIn(
      'eval "$(js-create -j 4)"; js-status --json; js-destroy',
    );
    expect({ slots, jobs, holding, waiting, source }).toEqual({
      slots: { free: 4, claimed: 0, others: 0 },
      jobs: 4,
      holding: [],
      waiting: [],
      source: 'MAKEFLAGS',
    });
    expect(own).toMatchObject({ keeper: { state: 'alive', replaced: 0 }, hidden: null });
  });

  it('shows who holds slots and who waits', async () => {
    const status = await statusIn(`eval "$(js-create -j 4)"; hold; hold -n 2; handle=$(js-acquire)
      js-run echo waits >/dev/null & until_true 'ls run/*/*/locks | grep -q waits-token'
      js-status --json; touch go; js-release; wait; js-destroy`);
    expect(status.slots).toEqual({ free: 0, claimed: 4, others: 0 });
    expect(status.holding.map(({ tokens, implicit }) => [tokens, implicit])).toEqual([
      [0, 'session'],
      [2, null],
      [1, null],
    ]);
    expect(status.holding[0]?.job).not.toBe(null);
    expect(status.waiting.map(({ command, tokens }) => [command, tokens])).toEqual([['echo waits', 0]]);
  });

  it.each([
    ['make 4.4', make441Dir, 'make', []],
    ['make 4.3', undefined, make43, ['+']],
  ])('shows the jobs of a %s in a pool of ours', async (_, path, make, [plus = '']) => {
    const world = makeWorld();
    world.file(
      'Makefile',
      `all: a b c d\na b c: ; ${plus}@touch $@; until [ -e go ]; do sleep 0.01; done\nd: ; @until [ -e a -a -e b -a -e c ]; do sleep 0.01; done; js-status --json; touch go\n`,
    );
    const { slots, clients } = await statusIn(`js-create -j 4 -- ${make} -s`, world, path);
    expect(slots).toEqual({ free: 0, claimed: 0, others: 4 });
    expect(clients.map(({ command }) => command)).toEqual([`${make} -s`]);
  });

  it.each([
    ['a FIFO of make 4.4', `${make441Dir}/make`, 'fifo'],
    ['a pipe of make 4.4', `${make441Dir}/make`, 'pipe'],
    ['a pipe of make 4.3', make43, undefined],
  ])('shows %s', async (_, make, style) => {
    const world = makeWorld();
    world.file(
      'Makefile',
      'all: a b\na: ; +@touch a; js-run sh -c "until [ -e go ]; do sleep 0.01; done"\nb: ; +@until [ -e a ] && ls run/*/*/claims | grep -q .; do sleep 0.01; done; js-status --json; touch go\n',
    );
    const option = style === undefined ? '' : `--jobserver-style=${style}`;
    const status = await statusIn(`${make} -s -j 4 ${option}`, world);
    const { jobs, slots, own, holding } = status;
    expect({ jobs, slots, own }).toEqual({ jobs: 4, slots: { free: 2, claimed: 0, others: 1 }, own: null });
    expect(holding.map(({ implicit, tokens }) => [implicit, tokens])).toEqual([['recipe', 0]]);
  });

  it('shows lost tokens as those of others, and then that they were put back', async () => {
    const script = (then: string) => `eval "$(js-create -j 4 --auth fifo --fifo f)"; head -c2 f >/dev/null
      ${then}; js-status --json; js-destroy`;
    const lost = await statusIn(script('true'));
    expect(lost.slots).toEqual({ free: 2, claimed: 0, others: 2 });
    const repaired = await statusIn(script(`until_true 'grep -q "put back" run/*/*/keeper.log'`));
    expect(repaired.slots).toEqual({ free: 4, claimed: 0, others: 0 });
    expect(repaired.own?.repairs).toEqual({ putBack: 2, removed: 0, returnedClaims: 0 });
  });

  it('shows a keeper that was killed, starts no other, and shows that it was replaced', async () => {
    const script = (then: string) => `eval "$(js-create -j 4 --auth fifo)"
      keeper=$(grep -oP '"keeper": "\\K\\d+' run/*/*/pool.json); kill -KILL $keeper
      until_true '! kill -0 $keeper 2>/dev/null'; ${then}; js-status --json; js-run true; js-destroy`;
    expect((await statusIn(script('true'))).own?.keeper).toMatchObject({ state: 'dead', replaced: 0 });
    expect((await statusIn(script('js-run true'))).own?.keeper).toMatchObject({ state: 'alive', replaced: 1 });
  });

  it('shows the claims of a container', async () => {
    const unshare = 'unshare --user --map-root-user --pid --fork --mount-proc --kill-child';
    if (spawnSync(unshare, ['true'], { shell: true }).status !== 0 && process.env.CI === 'true')
      throw new Error('this machine makes no namespaces');
    const { holding, slots } = await statusIn(`eval "$(js-create -j 4 --auth fifo)"
      ${unshare} js-run sh -c ': >busy; until [ -e go ]; do sleep 0.01; done' & until_true '[ -e busy ]'
      js-status --json; touch go; wait; js-destroy`);
    expect(holding.map(({ namespace }) => namespace)).toEqual([expect.stringMatching(/^pid:\[\d+\]$/)]);
    expect(slots.claimed).toBe(1);
  });

  it('shows 300 that wait', async () => {
    const { waiting, holding } = await statusIn(`eval "$(js-create -j 2 --auth fifo)"; hold; hold
      for i in $(seq 300); do js-run true & done; until_true '[ $(ls run/*/*/locks | grep -c waits-token) = 300 ]'
      js-status --json; touch go; wait; js-destroy`);
    expect([waiting.length, holding.length]).toEqual([300, 2]);
  });

  it('makes no command fail that does not wait, and loses no token', async () => {
    const script = `eval "$(js-create -j 3 --auth fifo --fifo f)"; mkfifo hold; exec 5<>f
      (until [ -e stop ]; do js-status >/dev/null; done) & (until [ -e stop ]; do js-status >/dev/null; done) &
      for i in $(seq 40); do js-run --no-wait true || echo failed; done; touch stop; wait
      js-acquire -n 3 --no-wait >/dev/null && echo all; js-acquire --no-wait 2>/dev/null && echo 'too many'; js-release; js-destroy`;
    expect((await makeWorld().run(script)).stdout).toBe('all\n');
  });

  it('loses no token if it is stopped while it counts, and none comes twice', async () => {
    const world = makeWorld();
    // strace stops it at its write to the pool; the keeper looks several times meanwhile.
    const script = `eval "$(js-create -j 4 --auth fifo --fifo f)"
      strace -o trace -y -e trace=write -e inject=write:delay_enter=9000000:when=1 -P "$PWD/f" js-status >/dev/null & status=$!
      until_true 'grep -ls counting run/*/*/claims/*'; sleep 6; kill -0 $status && echo counts
      grep -h token run/*/*/keeper.log; wait; js-acquire -n 4 --no-wait >/dev/null && echo all
      js-acquire --no-wait 2>/dev/null && echo 'too many'; js-release; js-destroy`;
    world.file('script', FUNCTIONS + script);
    expect((await world.run('bash script')).stdout).toMatch(/^(.*claims.*\n)?counts\nall\n$/);
  });

  it('with --all shows every pool, and says if there is none', async () => {
    const world = makeWorld();
    const none = await world.run('js-status --all');
    expect(none).toEqual({
      stdout: '',
      stderr: 'js-status: no pool: make one with eval "$(js-create)"\n',
      status: 69,
    });
    const script = `js-create -j 2 -- js-create -j 3 -- js-status --all --json`;
    const pools = JSON.parse((await world.run(script)).stdout) as PoolStatus[];
    expect(pools.map(({ jobs }) => jobs).sort()).toEqual([2, 3]);
    expect(pools.every((pool) => isStatus(pool))).toBe(true);
  });

  it.each([
    ['js-status', 69, 'js-status: no pool: MAKEFLAGS advertises none; make one with eval "$(js-create)"\n'],
    ['js-status x', 2, "js-status: unexpected argument 'x' (see js-status --help)\n"],
    ['js-status --all --fifo f', 2, 'js-status: --all cannot be combined with --fifo (see js-status --help)\n'],
    ['js-status --watch --json', 2, 'js-status: --watch cannot be combined with --json (see js-status --help)\n'],
    [
      'js-create -j 2 -- js-status --watch',
      2,
      'js-status: --watch requires a terminal on standard input and output (see js-status --help)\n',
    ],
  ])('%s: %i', async (script, status, stderr) =>
    expect(await makeWorld().run(script)).toEqual({ stdout: '', stderr, status }),
  );

  it('prints a report for a person', async () => {
    const world = makeWorld();
    world.file('script', `${FUNCTIONS}hold; js-run --no-wait true; js-status; touch go; wait`);
    const { stdout } = await world.run('js-create -j 3 --fifo f -- bash script');
    expect(
      stdout
        .replace(/\d+ s\b/g, 'T')
        .replace(/\b\d\d+\b/g, 'PID')
        .replaceAll(world.dir, 'DIR'),
    ).toMatch(
      /^pool {6}DIR\/f \(from MAKEFLAGS\)\nage {7}made T ago, ends with process PID \(.*\)\nkeeper {4}alive, pid PID\nslots {5}3 in all: 2 free, 1 held by commands\n\nHOLDING\n {2}T {2}session's slot {2}PID {2}sh -c .*\n/,
    );
  });
});

describe('js-status --watch', () => {
  const HOLD = `for i in 1 2; do js-run sh -c 'echo >$0; until [ -e go ]; do sleep 0.1; done' busy$i & done; until [ -e busy1 -a -e busy2 ]; do sleep 0.1; done; js-run echo waiting >/dev/null & clear`;

  it('shows the slots, follows the size, and leaves the terminal as it was', async () => {
    const world = makeWorld();
    const terminal = await openTerminal(world);
    const shows = async (pattern: RegExp) => expect.poll(terminal.screen, { timeout: 20_000 }).toMatch(pattern);
    await terminal.type('eval "$(js-create -j 2)"');
    await terminal.type(HOLD);
    await terminal.type('js-status --watch');
    await shows(
      /2 slots, 0 free\n.*used 100 %.*\n\n1 .* sh -c echo.*\n2 .* sh -c echo.*\n\n1 waits, since .*: echo waiting\nq: quit/s,
    );
    await terminal.resize(30, 5);
    await shows(/^.{26}\.\.\. *\n.*\n\.\.\. and 2 more *\n1 waits/);
    await terminal.press('C-z');
    await shows(/Stopped/);
    await terminal.resize(100, 20);
    await terminal.type('clear; stty -a | grep -o ".icanon.*" | cut -c1-7; fg');
    await shows(/2 slots, 0 free/);
    await terminal.press('q');
    await terminal.type('echo "ended with $?"; touch go');
    await shows(/icanon[\s\S]*ended with 0/);
    await terminal.type('js-status --watch');
    await shows(/2 slots, 2 free/);
    await terminal.press('C-c');
    await terminal.type('echo "ended with $?"; stty -a | grep -o ".icanon"; js-destroy');
    await shows(/ended with 130\n icanon/);
  });

  it('ends with the pool', async () => {
    const world = makeWorld();
    const terminal = await openTerminal(world);
    await terminal.type('eval "$(js-create -j 2)"; (sleep 3; js-destroy) & js-status --watch; echo "ended with $?"');
    await expect
      .poll(terminal.screen, { timeout: 20_000 })
      .toMatch(/js-status: the pool .* is gone[\s\S]*ended with 69/);
  });

  it('uses no colors with NO_COLOR, and no control sequences on a dumb terminal', async () => {
    const world = makeWorld();
    const show = async (variables: string) => {
      const command = `timeout 3 script -qec 'js-create -j 2 -- env ${variables} js-status --watch' ${join(world.dir, 'out')}`;
      await world.run(`${command} >/dev/null </dev/null; true`);
      return readFileSync(join(world.dir, 'out'), 'latin1').replace(/^Script .*$/gm, '');
    };
    expect(await show('TERM=xterm')).toContain('\x1b[1m');
    expect(await show('TERM=xterm NO_COLOR=1')).not.toContain('\x1b[1m');
    expect(await show('TERM=dumb')).not.toContain('\x1b');
  });
});
