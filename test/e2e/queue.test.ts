import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeWorld } from './world.js';

/**
 * Shell functions: how many commands wait for a token; a wait until something holds; a command that takes the token until there
 * is a file `go`; and one that waits in the queue, started when those before it do.
 */
const FUNCTIONS = `
waiting() { ls run/*/*/locks 2>/dev/null | grep -c '^waits-token'; }
until_true() { until eval "$1"; do sleep 0.02; done; }
occupy() { js-run sh -c ': >busy; until [ -e go ]; do sleep 0.01; done' & until_true '[ -e busy ]'; }
queue() { js-run "$@" & pids+=($!); until_true '[ $(waiting) = \${#pids[@]} ]'; }
signal() { kill -$1 \${pids[$2]}; }
`;

/** Pools of one token: ours, and one that js-create did not make. */
const POOLS: Array<[name: string, join: string]> = [
  ['a pool of ours', 'eval "$(js-create -j 1 --all-tokens --auth fifo)"; trap js-destroy EXIT'],
  [
    "somebody else's pool",
    'mkfifo f; exec 9<>f; printf + >&9; export MAKEFLAGS=" -j2 --jobserver-auth=fifo:$PWD/f"; trap "rm -r run/*/*" EXIT',
  ],
];

describe.each(POOLS)('those that wait for a token of %s', (_, join) => {
  const run = async (script: string) => {
    const world = makeWorld();
    world.file('script', `${FUNCTIONS}${join}; pids=()\n${script}`);
    return await world.run('bash script');
  };

  it('get it in the order in which they came', async () => {
    const script = `occupy; for i in 1 2 3 4 5 6 7 8; do queue sh -c "echo $i >>order"; done
      touch go; wait; tr '\\n' ' ' <order`;
    expect(await run(script)).toEqual({ stdout: '1 2 3 4 5 6 7 8 ', stderr: '', status: 0 });
  });

  it('do not wait for the first one for long if it sleeps, as in a frozen cgroup', async () => {
    const script = `occupy; sleep 60 & id=$!.$(cut -d' ' -f22 /proc/$!/stat)
      cd run/*/*/claims; : >$id; ln $id ../locks/waits-token+$id; cd - >/dev/null; pids=($!); queue touch ran
      touch go; until_true '[ -e ran ]'; kill \${pids[0]}; rm run/*/*/{claims,locks}/*$id; wait; echo ended`;
    expect((await run(script)).stdout).toBe('ended\n');
  });

  it.each([
    ['stopped', 'signal STOP 0', 'signal CONT 0; until_true "grep -q 1 order"', '2 3 1 '],
    ['killed', 'signal KILL 0', ':', '2 3 '],
    ['interrupted', 'signal INT 0', ':', '2 3 '],
    ['stopped, and the next one killed', 'signal STOP 0; signal KILL 1', 'signal KILL 0', '3 '],
  ])('do not wait for the first one if it is %s', async (_name, strike, afterwards, order) => {
    const script = `occupy; for i in 1 2 3; do queue sh -c "echo $i >>order"; done
      ${strike}; touch go; until_true '[ "$(tail -n 1 order 2>/dev/null)" = 3 ]'; ${afterwards}; tr '\\n' ' ' <order`;
    expect((await run(script)).stdout).toBe(order);
  });
});

it('the first one looks after the claims of the dead itself if the keeper is stopped', async () => {
  const world = makeWorld();
  const stopped = join(world.dir, 'stopped');
  // If the test fails, the keeper must end all the same.
  onTestFinished(() => void (existsSync(stopped) && process.kill(Number(readFileSync(stopped, 'utf8')), 'SIGCONT')));
  world.file(
    'script',
    `${FUNCTIONS}${POOLS[0]?.[1]}; pids=(); occupy; holder=$!; job=$(pgrep -P $holder -f 'busy'); queue touch ran
     keeper=$(grep -oP '"keeper": "\\K\\d+' run/*/*/pool.json); echo $keeper >stopped; kill -STOP $keeper; kill -KILL $holder $job
     until_true '[ -e ran ]'; kill -CONT $keeper; rm stopped; echo ended`,
  );
  expect((await world.run('bash script')).stdout).toBe('ended\n');
});

it('a command that waits behind others reads no claims', async () => {
  const world = makeWorld();
  // The second looks after two seconds, whether the first is still there. While that is traced, it may count as stopped.
  world.file(
    'script',
    `${FUNCTIONS}${POOLS[1]?.[1]}; pids=(); occupy; for i in 1 2 3; do queue true; done
     trace() { timeout 2.5 strace -qq -f -p \${pids[$1]} -e trace=openat,readlink,statx -o trace.$1; }
     trace 1 & tracer=$!; trace 2; wait $tracer; trace 0
     for i in 0 1 2; do grep -c '/claims/[0-9]' trace.$i | tr '\\n' ' '; done; grep -c '/proc/[0-9]*/stat' trace.1; touch go; wait`,
  );
  const [first, second, third, looks] = (await world.run('bash script')).stdout.trim().split(' ').map(Number);
  expect(first).toBeGreaterThan(0);
  expect([second, third]).toEqual([0, 0]);
  expect(looks).toBeGreaterThan(0);
});
