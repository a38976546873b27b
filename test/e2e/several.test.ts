import { describe, expect, it } from 'vitest';
import { make43, make441Dir, withPath } from '../setup/tools.js';
import type { Span } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** Returns the most slots that were taken at a time, by jobs whose names begin with the number of theirs. */
function peakOfSlots(spans: Span[]): number {
  const isRunning = (at: number) => (span: Span) => span.start <= at && at < (span.end ?? Number.POSITIVE_INFINITY);
  const slotsAt = (at: number) =>
    spans.filter(isRunning(at)).reduce((sum, { name }) => sum + Number.parseInt(name, 10), 0);
  return Math.max(...spans.map(({ start }) => slotsAt(start)));
}

describe('a range of slots', () => {
  it.each([
    ['as many as are free', '2-3', '3\n'],
    ['no more than are free', '2-9', '4\n'],
    ['its least if no more are free', '1-9', '2\n', 'js-run -n 2 '],
    ['one or more', '1-9', '4\n'],
  ])('is %s', async (_, range, slots, occupied = '') => {
    const script = `js-create -j 4 -- bash -c '${occupied && `slots=$(js-acquire -n 2);`} js-run -n ${range} echo {n}'`;
    expect(await makeWorld().run(script)).toEqual({ stdout: slots, stderr: '', status: 0 });
  });

  it('is no more than its least if others wait', async () => {
    const script = `js-run -n 3 sh -c ': >busy; until [ -e free ]; do sleep 0.01; done' & until [ -e busy ]; do sleep 0.01; done
      js-run -n 2-3 sh -c 'echo {n} >range; until [ -e end ]; do sleep 0.01; done' & first=$!
      until ls run/*/*/locks | grep -q waits-several; do sleep 0.01; done
      js-run sh -c 'echo ran >single' & second=$!
      until [ $(ls run/*/*/locks | grep -c waits-token) = 2 ]; do sleep 0.01; done
      touch free; until [ -e range ] && [ -e single ]; do sleep 0.01; done; touch end; wait $first $second; cat range`;
    const world = makeWorld();
    world.file('script', script);
    expect(await world.run('js-create -j 3 -- bash script')).toEqual({ stdout: '2\n', stderr: '', status: 0 });
  });
});

it.each([
  ['js-run -n all', 'js-run -n all -- span "4 alone" sleep 0.2'],
  ['js-each --slots all', 'js-each --slots all -- span "4 {}" sleep 0.1 ::: alone alone'],
])('%s runs alone', async (_, alone) => {
  const world = makeWorld();
  world.file('script', `for i in $(seq 12); do js-run -- span 1 sleep 0.1 & done; ${alone}; wait`);
  expect(await world.run('js-create -j 4 -- bash script')).toMatchObject({ stderr: '', status: 0 });
  expect(peakOfSlots(await world.spans())).toBe(4);
});

it('a stream of single jobs overtakes a job of all slots no more often than there are slots', async () => {
  const world = makeWorld();
  // As soon as one has ended, another one waits.
  world.file('single', "#!/bin/sh\n[ -e stop ] || js-run sh -c 'echo single >>order; sleep 0.02'\n");
  world.file(
    'script',
    `seq 1000 | xargs -P 12 -n 1 ./single & >order; until [ $(wc -l <order) -ge 12 ]; do sleep 0.01; done
     js-run -n all sh -c 'echo all >>order; touch stop' & all=$!
     until ls run/*/*/locks | grep -q waits-several; do sleep 0.01; done; echo waits >>order; wait`,
  );
  const { status } = await world.run('js-create -j 4 -- bash script; cat order');
  const order = (await world.run('cat order')).stdout.trim().split('\n');
  expect(status).toBe(0);
  const since = order.slice(order.indexOf('waits'), order.indexOf('all'));
  // Those that waited before it are no more than 12; each of the four slots may have started one more.
  expect(since.filter((line) => line === 'single').length).toBeLessThanOrEqual(16);
});

describe.each([
  ['make 4.3', make43],
  ['make 4.4.1', `${make441Dir}/make`],
])('recipes of %s that each want two slots, as many as there are slots', (name, make) => {
  it('run one after the other with what they have, if nothing else can', async () => {
    const world = makeWorld();
    const targets = Array.from({ length: 12 }, (_, i) => `t${i}`).join(' ');
    world.file('Makefile', `all: ${targets}\n${targets}:\n\t+js-run -n 2 -- span "{n} $@" sleep 0.05\n`);
    const env = withPath(make441Dir, world.env) as Record<string, string>;
    const { status, stderr } = await world.run(`${make} -s -j4`, name === 'make 4.3' ? {} : { env });
    expect(status).toBe(0);
    expect(stderr).toContain('js-run: warning: all slots are held by jobs that wait for more; taking 1 instead of 2\n');
    const spans = await world.spans();
    expect(spans).toHaveLength(12);
    expect(peakOfSlots(spans)).toBeLessThanOrEqual(4);
  });
});

it.each([
  ['js-run -n 4 true', 125, 4],
  ['js-run -n all true', 125, 4],
  ['js-acquire -n 4', 2, 4],
])('%s is refused while the calling shell holds a slot', async (command, status, count) => {
  const script = `js-create -j 4 -- bash -c 'slot=$(js-acquire); ${command}; echo $?; js-release $slot; ${command} >/dev/null; echo $?'`;
  const { stdout, stderr } = await makeWorld().run(script);
  expect(stdout).toBe(`${status}\n0\n`);
  expect(stderr).toMatch(
    new RegExp(`^js-\\w+: cannot take ${count} slots: .* holds 1 already; use js-release first.*\n$`),
  );
});

it('two shells that each hold a slot and want another do not keep a job of all slots waiting', async () => {
  const world = makeWorld();
  world.file(
    'holder',
    '#!/bin/bash\nslot=$(js-acquire); touch $1; until [ -e all ]; do sleep 0.01; done; js-run true; echo $1\n',
  );
  const { stdout, status } = await world.run(
    `js-create -j 3 -- bash -c './holder a & ./holder b & until [ -e a -a -e b ]; do sleep 0.01; done
       js-run -n all echo {n} & until ls run/*/*/locks | grep -q waits-several; do sleep 0.01; done; touch all; wait' | sort`,
  );
  expect({ stdout, status }).toEqual({ stdout: '1\na\nb\n', status: 0 });
});

describe('the number of slots', () => {
  it.each([
    ['replaces {n} with -n', 'js-run -n 3 echo {n} x{n}y', '3 x3y\n'],
    ['leaves {n} alone without -n', 'js-run echo {n}', '{n}\n'],
    ['is in the variables of --jobs-env', 'js-run -n 2 --jobs-env A,B_1 sh -c \'echo "$A $B_1"\'', '2 2\n'],
    ['limits threads', 'js-run -n 2 sh -c \'echo "$OMP_NUM_THREADS $RAYON_NUM_THREADS"\'', '2 2\n'],
    ['leaves less as it is', "OMP_NUM_THREADS=1 js-run -n 2 sh -c 'echo $OMP_NUM_THREADS'", '1\n'],
    [
      'is not kept from',
      "OMP_NUM_THREADS=9 js-run -n 2 --keep-env OMP_NUM_THREADS sh -c 'echo $OMP_NUM_THREADS'",
      '9\n',
    ],
    ['is that of each job', "js-each --slots 2 sh -c 'echo $OMP_NUM_THREADS' ::: a b", '2\n2\n'],
    ['is that of the pool with --share', "js-run -n 2 --share sh -c 'echo $MAKEFLAGS' | cut -d' ' -f1", '-j4\n'],
  ])('%s', async (_, command, stdout) => {
    const world = makeWorld();
    world.file('script', command);
    const { stdout: printed, ...ended } = await world.run('js-create -j 4 --auth fifo -- bash script');
    expect({ ...ended, stdout: printed.trimStart() }).toEqual({ stdout, stderr: '', status: 0 });
  });

  it('is given outside of a pool too', async () => {
    const { stdout } = await makeWorld().run('js-run -n 1-1 echo {n}; js-run -n 4096 echo {n}');
    expect(stdout).toBe('1\n4096\n');
  });
});
