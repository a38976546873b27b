import { describe, expect, it } from 'vitest';
import { make441Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** Environments in which commands of one pool may be started: a terminal's, cron's, that of a job of another. */
const OTHERS: Array<[what: string, env: string]> = [
  ['another XDG_RUNTIME_DIR', 'XDG_RUNTIME_DIR=$PWD/other'],
  ['none at all', '-i PATH="$PATH" SPANS="$SPANS"'],
  ['another JOBSERVER_TOOLS_STATE', 'JOBSERVER_TOOLS_STATE=$PWD/other'],
];

const COUNT = `count() { n=0; while js-acquire --fifo "$FIFO" --no-wait >/dev/null 2>&1; do n=$((n + 1)); done; js-release --fifo "$FIFO"; echo $n; }
keeper_log() { cat run/*/*/keeper.log; }`;

/** Longer than the keeper takes to put back what is missing. */
const LONG = 8;

/** Two pools: in a place of our own, and at a path of the user's. */
const POOLS: Array<[what: string, create: string]> = [
  ['--fifo PATH', 'FIFO=$PWD/f; js-create -j2 --owner none --all-tokens --auth fifo --fifo $FIFO >/dev/null'],
  [
    'a FIFO of our own',
    'FIFO=$(js-create -j2 --owner none --all-tokens --auth fifo | grep -o "/[^ ]*[.]fifo" | head -1)',
  ],
];

describe.each(POOLS)("a pool's state is found through the pool: %s", (_, create) => {
  it.each(OTHERS)('for clients with %s', async (_what, other) => {
    const world = makeWorld();
    const script = `unset JOBSERVER_TOOLS_STATE; install -d -m 700 other; ${COUNT}; ${create}
      sleep 1000 & holder=$!; env ${other} js-acquire --fifo $FIFO --owner $holder >handle
      for i in 1 2 3 4 5 6; do env ${other} js-run --fifo $FIFO span $i sleep ${LONG / 4} & jobs="$jobs $!"; done; wait $jobs
      sleep ${LONG}; js-acquire --fifo $FIFO >/dev/null; js-acquire --fifo $FIFO --no-wait; echo $?; js-release --fifo $FIFO
      env ${other} js-release --fifo $FIFO $(cat handle); count; keeper_log; find other -name claims; kill $holder; js-destroy --fifo $FIFO`;
    const { stdout } = await world.run(script, { env: withPath(make441Dir, world.env) as Record<string, string> });
    // One that js-acquire holds all the time.
    expect(peak(await world.spans())).toBe(1);
    expect(stdout).toBe('75\n2\n');
  });
});
