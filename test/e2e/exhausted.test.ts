import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import {
  type Call,
  canFail,
  expectUnharmed,
  type Fault,
  type Outcome,
  runScenario,
  type Scenario,
  strike,
} from './faults.js';
import { makeWorld } from './world.js';

/** One line that says what failed, or nothing at all and success. */
const LINE = /^js-\w+: (warning: )?(cannot [^\n:']*( '[^\n']*')?: [^\n]*|the pool '[^\n]*' is gone: [^\n]*)\n$/;

/**
 * How often Node itself writes while the pool of its own is made and ended differs from run to run, so that a fault that is
 * counted could come to a call that Node cannot do without. From the job on it is a js-run like any other.
 */
const MAKES_POOL: Scenario = { name: 'js-run -n 2', jobs: 4, script: 'traced js-run -n 2 span job sleep 0.1' };

const SCENARIOS: Scenario[] = [
  { name: 'js-run', jobs: 2, script: 'js-acquire >handle; traced js-run span job sleep 0.1' },
  {
    name: 'js-run that waits',
    jobs: 2,
    script: `js-acquire >handle; token=$(js-acquire); traced js-run span job sleep 0.1 &
      until_traced waits- 250; js-release $token; wait`,
  },
  MAKES_POOL,
  { name: 'js-acquire', jobs: 4, script: 'traced js-acquire -n 2' },
  { name: 'js-release', jobs: 4, script: 'js-acquire -n 2 >handle; traced js-release' },
  { name: 'js-create', jobs: 2, script: 'traced js-create -j 2 --auth fifo -- true' },
  { name: 'js-destroy', jobs: 2, script: 'eval "$(js-create -j 2 --auth fifo)"; traced js-destroy' },
];

/** The errors of the system if there is no room, descriptor or process left, or the disk is read-only or broken. */
function faultsAt(call: Call): Fault[] {
  const fault = (error: string, lasts = false) => ({ call, what: `error=${error}`, lasts });
  switch (call.name) {
    case 'openat':
      return [fault(call.label.includes('O_CREAT') ? 'ENOSPC' : 'EMFILE')];
    case 'write':
      return [fault(call.label.includes('STATE/POOL') ? 'ENOSPC' : 'EAGAIN')];
    case 'read':
      return [fault('EIO')];
    case 'link':
    case 'mkdir':
      return [fault('ENOSPC', true)];
    case 'rename':
    case 'unlink':
    case 'rmdir':
      return [fault('EROFS', true)];
    default:
      return [fault('EAGAIN')];
  }
}

/** One look at a process is as the next. */
const isSecondLook = ({ label, again }: Call): boolean => again > 1 && label.startsWith('openat("/proc/PID/');

function check({ status, stderr, complaints, spans }: Outcome): string {
  const told = stderr === '' ? status === 0 : LINE.test(stderr);
  return told && complaints === '' && peak(spans) === 1
    ? ''
    : `${status} '${stderr}' ${complaints}${peak(spans)} at a time`;
}

it.each(SCENARIOS)('$name says in one line what failed, and loses nothing', async (scenario) => {
  const world = makeWorld();
  const { calls, ...outcome } = await runScenario(world, scenario);
  expect(check({ calls, ...outcome })).toBe('');
  // What Node itself does before is not ours.
  const own = calls.slice(
    calls.findIndex(({ label }) => /^openat\("(\/proc\/(self\/fd|PID)|DIR\/f|STATE)/.test(label)),
  );
  const end = scenario === MAKES_POOL ? own.findIndex(({ label }) => label.includes('"job ID')) : own.length;
  expect(end).toBeGreaterThan(0);
  const faults = own
    .slice(0, end)
    .filter((call) => canFail(call) && !isSecondLook(call))
    .flatMap(faultsAt);
  expect(faults.length).toBeGreaterThan(2);
  await expectUnharmed(faults, (fault) => strike(world, scenario, fault, check));
});

/** Puts the state of the pools on a file system of 64 KiB, in a mount namespace of its own. */
const MOUNT = 'mount -t tmpfs -o size=64k,mode=700 none run';
const UNSHARE = ['--user', '--map-root-user', '--mount'];
const canMount = spawnSync('unshare', [...UNSHARE, 'sh', '-c', 'mount -t tmpfs none /mnt']).status === 0;

/** Fills it up. When there is room again all N slots can be taken, and not one more, and the keeper lives. */
const FILL = 'cat /dev/zero >run/fill 2>/dev/null';
const PROOF = `rm -f run/fill; js-acquire -n 3 --timeout 10 >/dev/null || echo lost
  js-acquire --no-wait >/dev/null 2>&1 && echo 'one too many'
  kill -0 $(grep -oP 'keeper": "\\K[0-9]+' run/*/*/pool.json) || echo 'no keeper'`;

describe.skipIf(!canMount)('a full disk (needs to mount: what strace does above stands for it elsewhere)', () => {
  const CLAIM = /^js-\w+: cannot write the claim '\/.*': No space left on device\n$/;
  const KEEPER =
    /^(\(exit 1\)\n)?js-create: cannot (start the keeper|create the FIFO '.*'|write '.*pool.json'): No space left on device\n$/;

  it.each([
    ['js-run true', 125, CLAIM],
    ['js-run -n 2 true', 125, CLAIM],
    ['js-acquire', 1, CLAIM],
    ['js-create -j 2', 1, KEEPER],
    ['js-create -j 2 --fifo g -- true', 1, KEEPER],
    ['js-release', 0, /^$/],
    [`rm run/fill; js-run bash -c '${FILL}; exit 3'`, 3, /^$/],
    // The keeper returns it without a line in the log, and lives: who has the claim open keeps its room from being free.
    [
      `rm run/fill
       { js-run --auth fifo bash -c 'exec 9<run/*/*/claims/$JOBSERVER_TOOLS_CLAIM; sleep 5 & ${FILL}; kill -KILL $PPID'; } 2>/dev/null
       while ls run/*/*/claims | grep -qv -e -; do sleep 0.1; done`,
      0,
      /^$/,
    ],
  ])('%s: %i', async (command, status, message) => {
    const world = makeWorld();
    const script = `js-acquire >handle; ${FILL}; (${command}) >out 2>err; echo $? >status; js-release; ls g 2>/dev/null; ${PROOF}`;
    world.file('script', script);
    const ended = await world.run(
      `unshare ${UNSHARE.join(' ')} bash -c '${MOUNT}; js-create -j 3 --auth fifo --fifo f -- bash script; ls run/*'; cat out err status`,
    );
    const [, text = ''] = /^(?:versions\n)?([\s\S]*)$/.exec(ended.stdout) ?? [];
    expect({ stderr: ended.stderr, text }).toEqual({
      stderr: '',
      text: expect.stringMatching(new RegExp(`${message.source.slice(0, -1)}${status}\n$`)),
    });
    expect(text).not.toMatch(/lost|one too many|no keeper|^g$/m);
  });

  it('a read-only one', async () => {
    const script = `${MOUNT}; mount -o remount,ro run; js-create -j 2 -- true; echo $?`;
    const ended = await makeWorld().run(`unshare ${UNSHARE.join(' ')} bash -c '${script}'`);
    expect(ended.stdout).toBe('1\n');
    expect(ended.stderr).toMatch(/^js-create: cannot create the state folder '.*': Read-only file system\n$/);
  });
});

/** In a pool for 4096 with the smallest pipe there is; the last byte of its only page is soon used up (PROTOCOL 18). */
const SMALL = `python3 -c 'import fcntl, os; fcntl.fcntl(os.open("f", os.O_RDWR), 1031, 4096)'`;

it('a pipe of 4,096 bytes holds 4,095 tokens', async () => {
  const script = `${SMALL}; js-acquire >handle; for i in 1 2 3; do js-run true; echo $?; done; js-release
    js-acquire -n 4096 --timeout 20 >/dev/null; echo $?; js-acquire --no-wait; js-release; js-acquire -n 4096 --no-wait >/dev/null; echo $?`;
  const ended = await makeWorld().run(`js-create -j 4096 --auth fifo --fifo f -- bash -c "$SCRIPT"`, {
    env: { SCRIPT: script },
  });
  expect(ended.stdout).toBe('0\n0\n0\n0\n0\n');
  expect(ended.stderr.replace(/^js-run: cannot return a token .*: Resource temporarily unavailable\n/gm, '')).toMatch(
    /^js-acquire: no slot free in the pool '.*'\n$/,
  );
});

/** Takes the tokens, fills the pipe to the last byte, and makes that good when the file `go` is there. */
const FILL_PIPE = `
import os, time
pipe = os.open('f', os.O_RDWR | os.O_NONBLOCK)
tokens = os.read(pipe, 9)
def all_of(action):
    try:
        while True: action()
    except BlockingIOError: pass
all_of(lambda: os.write(pipe, b'+' * 4096))
open('full', 'w')
while not os.path.exists('go'): time.sleep(0.01)
all_of(lambda: os.read(pipe, 65536))
os.write(pipe, tokens)
`;

it('a pipe that does not take a token back is reported, the claim stays, and the keeper returns it', async () => {
  const world = makeWorld();
  world.file('fill.py', FILL_PIPE);
  const script = `js-acquire >handle
    js-run bash -c 'python3 fill.py & until [ -e full ]; do sleep 0.05; done; exit 3'; echo $?
    touch go; ${PROOF.replace('js-acquire', 'js-release; js-acquire')}`;
  const ended = await world.run(`js-create -j 3 --auth fifo --fifo f -- bash -c "$SCRIPT"`, {
    env: { SCRIPT: script },
  });
  expect(ended.stdout).toBe('3\n');
  expect(ended.stderr).toMatch(/^js-run: cannot return a token to the pool '.*': Resource temporarily unavailable\n$/);
});

it('too few descriptors are reported in one line, down to the number with which nothing starts', async () => {
  // What the tests' own caller has left open must not be above the limit.
  const script = `for fd in /proc/self/fd/*; do [ "\${fd##*/}" -lt 16 ] || eval "exec \${fd##*/}>&-"; done; js-acquire >handle
    for n in $(seq 40 -1 ${process.env.TEST_COMMANDS ? 5 : 16}); do (ulimit -n $n; js-run true 2>&1 | tr '\n' ' '; echo $n); done; js-release; ${PROOF}`;
  const ended = await makeWorld().run(`js-create -j 3 --auth fifo --fifo f -- bash -c "$SCRIPT"`, {
    env: { SCRIPT: script },
  });
  const lines = ended.stdout.split('\n').filter((line) => !/^\d*$/.test(line));
  // Before our first line runs, the message is Node's.
  const ours = lines.filter((line) => line.startsWith('js-run: '));
  expect(new Set(ours).size).toBeGreaterThan(2);
  for (const line of ours) expect(line).toMatch(/^js-run: cannot [^:']+'[^']+': Too many open files \d+$/);
  expect(ended.stdout).not.toMatch(/lost|one too many|no keeper/);
});

describe('a lack of descriptors that begins while the job runs', () => {
  /** Takes js-run its descriptors for longer than it waits before it starts its witness, and till a signal came. */
  const JOB = `#!/bin/bash
trap 'echo TERM >>got' TERM
prlimit --pid $PPID --nofile=3:
sleep 0.3
touch up
until [ -e go ]; do sleep 0.02; done
prlimit --pid $PPID --nofile=1024:
exit 5
`;

  it.each(['js-run', 'js-create -j 2 -- js-run', 'js-create -j 2 --'])('%s', async (command) => {
    const world = makeWorld();
    world.file('job', JOB);
    const script = `eval "$(js-create -j 1)"; ${command} ./job & until [ -e up ]; do sleep 0.02; done
      kill -TERM $!; until [ -e got ]; do sleep 0.02; done; touch go; wait $!; echo $? $(cat got); js-destroy`;
    expect(await world.run(script)).toEqual({ status: 0, stdout: '5 TERM\n', stderr: '' });
  });
});
