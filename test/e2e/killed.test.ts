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
  'js-runs that are killed at random moments lose no slot and give none too many (seed %i)',
  async (seed) => {
    const world = makeWorld();
    const { stdout } = await world.run(SCRIPT(seed));
    expect(peak(await world.spans())).toBeLessThanOrEqual(4);
    expect(stdout).toBe('slot\n'.repeat(4));
  },
);
