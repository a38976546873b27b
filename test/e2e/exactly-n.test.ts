import { describe, expect, it } from 'vitest';
import { make43, make441Dir, withPath } from '../setup/tools.js';
import { peak, reachedFor, type Span } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** Peak 4, and 4 at a time for most of the time: not a slot more, not one idle while somebody waits. */
function expectFour(spans: Span[], jobs: number, share = 0.4): void {
  expect(spans).toHaveLength(jobs);
  expect(peak(spans)).toBe(4);
  const start = Math.min(...spans.map((span) => span.start));
  const end = Math.max(...spans.map((span) => span.end ?? span.start));
  expect(reachedFor(spans, 4) / (end - start)).toBeGreaterThan(share);
}

const BUILD = `#!/bin/bash
job() { js-run -- span "function $1" sleep 0.5; }
for i in 1 2 3 4; do js-run -- span "direct $i" sleep 0.5 & done
for i in 1 2 3 4; do ( js-run -- span "subshell $i" sleep 0.5 ) & done
for i in 1 2 3 4; do job $i & done
wait
`;

const MAKEFILE = (prefix: string) => `
all: a b c d e f
a b c d e f:
\t${prefix}for i in 1 2 3; do js-run -- span "$@ $$i" sleep 0.3 & done; wait
`;

describe('exactly N jobs', () => {
  it.each(['fifo', 'pipe'])('of a script in a pool of js-create (%s), its own slot included', async (auth) => {
    const world = makeWorld();
    world.file('build.sh', BUILD);
    const { status, stderr } = await world.run(`js-create -j 4 --auth ${auth} -- ./build.sh`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectFour(await world.spans(), 12);
  });

  it.each(['bash', 'dash', 'zsh'])('of a script that joined by eval in %s', async (shell) => {
    const world = makeWorld();
    const { status, stderr } = await world.run(`eval "$(js-create -j 4)"; ${BUILD}`, { shell });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectFour(await world.spans(), 12);
  });

  it.each([
    ['4.3 with +', [], '+'],
    ['4.3 without +', [], ''],
    ['4.4.1 with a FIFO', [], ''],
    ['4.4.1 with a pipe and +', ['--jobserver-style=pipe'], '+'],
    ['4.4.1 with a pipe, without +', ['--jobserver-style=pipe'], ''],
  ] as const)('of recipes below make %s', async (name, options, prefix) => {
    const world = makeWorld();
    world.file('Makefile', MAKEFILE(prefix));
    const env = name.startsWith('4.3') ? world.env : withPath(make441Dir, world.env);
    const { status, stderr } = await world.run(`make -s -j4 ${options.join(' ')}`, {
      env: env as Record<string, string>,
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectFour(await world.spans(), 18);
  });

  it('of a make 4.3 in a pool of js-create, and of the recipes below it', async () => {
    const world = makeWorld();
    world.file('Makefile', MAKEFILE('+'));
    const { status, stderr } = await world.run(`js-create -j 4 -- ${make43} -s`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectFour(await world.spans(), 18);
  });

  it('of builds below builds: script, make, script', async () => {
    const world = makeWorld();
    world.file('inner.sh', '#!/bin/sh\nfor i in 1 2 3; do js-run -- span "$1 $i" sleep 0.3 & done; wait\n');
    world.file('Makefile', 'all: a b c\na b c:\n\t+js-run -- ./inner.sh $@\n');
    const script =
      'js-create -j 4 -- sh -c "js-run -- make -s & js-run -- ./inner.sh x & js-run -- ./inner.sh y & wait"';
    const { status, stderr } = await world.run(script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    // The builds end one after the other, and what each then leaves is less than four jobs.
    expectFour(await world.spans(), 15, 0.2);
  });
});
