import { expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** Sixty jobs; of the js-runs some twenty are killed at moments that the seed decides. */
const SCRIPT = (seed: number) => `RANDOM=${seed}
eval "$(js-create -j 4 --auth fifo --fifo f)"
for i in $(seq 60); do
  js-run -- span "job $i" sleep 0.1 & pids+=($!)
  if (( RANDOM % 3 == 0 )); then ( sleep 0.0$((RANDOM % 90 + 10)); kill -KILL \${pids[RANDOM % \${#pids[@]}]} ) & fi
  sleep 0.02
done 2>/dev/null
wait 2>/dev/null
claims() { ls run/jobserver-tools/*/claims; }
until [ -z "$(claims)" ]; do sleep 0.1; done
# One that was killed between taking a token and writing that down has lost it; the keeper puts it back within seconds.
for i in 1 2 3; do js-acquire --no-wait -n 4 >/dev/null 2>&1 && break; sleep 6; done; js-release
while js-acquire --no-wait >/dev/null 2>&1; do echo slot; done`;

it.each([1, 2, 3])(
  'js-runs that are killed at random moments neither lose a slot nor return one too many (seed %i)',
  async (seed) => {
    const world = makeWorld();
    const { stdout } = await world.run(SCRIPT(seed));
    expect(peak(await world.spans())).toBeLessThanOrEqual(4);
    expect(stdout).toBe('slot\n'.repeat(4));
  },
);

/** Names the process that it was started by, and runs five jobs when it may. */
const FIVE_JOBS = `#!/bin/bash
  echo $PPID >pid; until [ -e go ]; do sleep 0.02; done
  for i in 1 2 3 4 5; do js-run span job sleep 0.3 & done; wait; : >ended`;

it('a js-create that is killed leaves the pool to its command, with the session’s slot, until that ends', async () => {
  const world = makeWorld();
  world.file('job', FIVE_JOBS);
  const { stdout } = await world.run(`(js-create -j 2 --fifo f -- ./job 2>/dev/null &)
    until grep -q '"job"' run/*/*/pool.json 2>/dev/null; do sleep 0.02; done; kill -9 $(cat pid)
    # Longer than two looks of the keeper.
    sleep 2.5; ls f; : >go; until [ -e ended ]; do sleep 0.02; done`);
  expect(stdout).toBe('f\n');
  const spans = await world.spans();
  expect(spans).toHaveLength(5);
  expect(peak(spans)).toBe(2);
});

it('a js-run -n 2 that is killed leaves its pool to its command until that ends', async () => {
  const world = makeWorld();
  world.file('job', FIVE_JOBS);
  const { stdout } = await world.run(`js-create -j 3 --fifo f -- bash -c '
    (js-run -n 2 ./job 2>/dev/null &)
    until grep -q ""job"" run/*/*-*.*/../*/pool.json run/*/*/pool.json 2>/dev/null && [ -s pid ] && [ $(grep -l ""job"" run/*/*/pool.json | wc -l) = 2 ]; do sleep 0.02; done
    kill -9 $(cat pid); sleep 2.5; : >go; js-acquire --no-wait >/dev/null && { js-acquire --no-wait 2>/dev/null || echo one; }
    until [ -e ended ]; do sleep 0.02; done; js-release; js-acquire -n 3 --timeout 5 >/dev/null && echo all'`);
  expect(stdout).toBe('one\nall\n');
  expect(peak(await world.spans())).toBe(2);
});
