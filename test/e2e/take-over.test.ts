import { describe, expect, it } from 'vitest';
import { make441Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const makefile = (jobs: number) => {
  const targets = Array.from({ length: jobs }, (_, index) => `t${index}`).join(' ');
  return `all: ${targets}\n${targets}: ; @: >began; span $@ meet ${jobs}\n`;
};

/** One js-run has the session's slot, another one a token; then the first one ends. */
const SCRIPT = `
js-run sh -c ': >first.up; until [ -e began ]; do sleep 0.02; done' & first=$!
until [ -e first.up ]; do sleep 0.02; done
js-run make -s; status=$?
wait $first; exit $status`;

const newMake = (world: World) => withPath(make441Dir, world.env) as Record<string, string>;

describe('the implicit slot of a session', () => {
  it.each([
    ['4.3', 2],
    ['4.3', 4],
    ['4.4.1', 2],
    ['4.4.1', 4],
  ])('whose user has ended is not lost to a make %s in a token, of %i', async (version, jobs) => {
    const world = makeWorld();
    world.file('Makefile', makefile(jobs));
    world.file('script', SCRIPT);
    const env = version === '4.3' ? world.env : newMake(world);
    const { status, stderr } = await world.run(`js-create -j ${jobs} -- bash script`, { env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(peak(await world.spans())).toBe(jobs);
  });

  it('is also taken over if its user is killed, and in the end all slots are back', async () => {
    const world = makeWorld();
    world.file('Makefile', makefile(2));
    world.file(
      'script',
      `${SCRIPT.replace('exit $status', '')}
      js-acquire -n 2 --timeout 5 >/dev/null && js-acquire --no-wait 2>/dev/null || echo "all 2"`,
    );
    world.file('killed', `until [ -e began ]; do sleep 0.02; done; kill -9 $1`);
    const { stdout } = await world.run(
      `js-create -j 2 -- bash -c '
        js-run sh -c ": >first.up; echo \\$PPID >pid; until [ -e began ]; do sleep 0.02; done; kill -9 \\$PPID" 2>/dev/null &
        until [ -e first.up ]; do sleep 0.02; done
        js-run make -s; wait 2>/dev/null
        js-acquire -n 2 --timeout 5 >/dev/null && { js-acquire --no-wait 2>/dev/null || echo all; }'`,
    );
    expect(stdout).toBe('all\n');
    expect(peak(await world.spans())).toBe(2);
  });
});

it('a job left behind keeps its slot when its js-run is killed after the job that started it has ended', async () => {
  const world = makeWorld();
  world.file('inner', '#!/bin/sh\necho $PPID >pid; until [ -e go ]; do sleep 0.02; done');
  world.file('outer', '#!/bin/sh\njs-run ./inner & until [ -s pid ]; do sleep 0.02; done');
  // The first wait is longer than two looks of the keeper.
  world.file(
    'script',
    `js-run ./outer; kill -9 $(cat pid)
    js-run --timeout 3 echo "one too many" 2>/dev/null; : >go
    js-run --timeout 5 echo free`,
  );
  const { stdout } = await world.run('js-create -j 1 -- bash script');
  expect(stdout).toBe('free\n');
});

it('a js-run that waits for the slot of a job gets it from a js-run that the job left behind', async () => {
  const world = makeWorld();
  world.file(
    'outer',
    `#!/bin/sh
    js-run sh -c ': >first; until [ -e go ]; do sleep 0.02; done' & until [ -e first ]; do sleep 0.02; done
    js-run span second sh -c ': >second; until [ -e done ]; do sleep 0.02; done' &
    until ls run/*/*/locks | grep -q ^waits-; do sleep 0.02; done`,
  );
  world.file(
    'script',
    `js-run ./outer; : >go; until [ -e second ]; do sleep 0.02; done
    js-run --no-wait echo "one too many" 2>/dev/null; : >done
    js-run --timeout 5 span third true; ls run/*/*/claims`,
  );
  const { stdout, stderr } = await world.run('js-create -j 1 -- bash script');
  expect({ stdout, stderr }).toEqual({ stdout: '', stderr: '' });
  expect(peak(await world.spans())).toBe(1);
});

it('SIGURG to the whole group, with job and witness, does no harm, and a signal to js-run alone is still passed on', async () => {
  const world = makeWorld();
  world.file(
    'job',
    `#!/bin/bash
    trap ': >got; exit 3' TERM; : >began; while :; do sleep 0.05; done`,
  );
  world.file('other', '#!/bin/sh\nuntil [ -e got ]; do sleep 0.02; done');
  const { stdout } =
    await world.run(`set -m; js-create -j 2 -- bash -c 'js-run ./other & js-run ./job; echo $?; wait' & group=$!
    until [ -e began ]; do sleep 0.02; done
    # The witnesses, of js-create too, start when the jobs have run for a moment, and are ready when they catch URG.
    ready() { awk '/^SigCgt:.*[4-7c-f].....$/' $(pgrep -g $group -f 'js-run: witness' | sed 's,.*,/proc/&/status,') /dev/null | wc -l; }
    until [ $(ready) = 3 ]; do sleep 0.02; done
    for i in 1 2 3 4 5; do kill -URG -- -$group; done
    kill -TERM $(pgrep -g $group -f 'js-run.* [.]/job$' | head -1); wait; ls got`);
  expect(stdout).toBe('3\ngot\n');
});
