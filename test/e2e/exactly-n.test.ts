import { describe, expect, it } from 'vitest';
import { make43, make441Dir, withPath } from '../setup/tools.js';
import { peak, type Span } from '../spans/spans.js';
import { makeWorld } from './world.js';

/** Peak 4: not one more, and not one less, because the jobs wait for each other. */
function expectFour(spans: Span[], jobs: number): void {
  expect(spans).toHaveLength(jobs);
  expect(peak(spans)).toBe(4);
}

const BUILD = `#!/bin/bash
job() { js-run -- span "function $1" meet 4; }
for i in 1 2 3 4; do js-run -- span "direct $i" meet 4 & done
for i in 1 2 3 4; do ( js-run -- span "subshell $i" meet 4 ) & done
for i in 1 2 3 4; do job $i & done
wait
`;

const MAKEFILE = (prefix: string) => `
all: a b c d e f
a b c d e f:
\t${prefix}for i in 1 2 3; do js-run -- span "$@ $$i" meet 4 & done; wait
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
    world.file('inner.sh', '#!/bin/sh\nfor i in 1 2 3; do js-run -- span "$1 $i" meet 4 & done; wait\n');
    world.file('Makefile', 'all: a b c\na b c:\n\t+js-run -- ./inner.sh $@\n');
    const script =
      'js-create -j 4 -- sh -c "js-run -- make -s & js-run -- ./inner.sh x & js-run -- ./inner.sh y & wait"';
    const { status, stderr } = await world.run(script);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectFour(await world.spans(), 15);
  });

  it.each([3, 4000])('of a recipe that has written a title of %i characters over its environment', async (length) => {
    const world = makeWorld();
    world.file(
      'many.pl',
      `$0 = "w" . ("x" x ${length}); for (1 .. 5) { fork || exec qw(js-run -- span job sleep 0.3) } 1 while wait > 0;`,
    );
    world.file('Makefile', 'all: a b\na b:\n\t+@perl many.pl\n');
    const { status, stderr } = await world.run('make -s -j2');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const spans = await world.spans();
    expect(spans).toHaveLength(10);
    expect(peak(spans)).toBe(2);
  });

  it.each([
    ['fifo', '4.4.1', 'make -s'],
    ['pipe', '4.3', 'make -s'],
    ['pipe', '4.3', 'sh -c "cd . && make -s; true"'],
  ])('of a make that runs next to js-run in a session (%s, %s, %s)', async (auth, version, command) => {
    const world = makeWorld();
    world.file('Makefile', 'all: a b c d\na b c d:\n\t@: >began; span $@ sleep 0.6\n');
    const env = version === '4.3' ? world.env : (withPath(make441Dir, world.env) as Record<string, string>);
    const { stdout, stderr } = await world.run(
      `eval "$(js-create -j 3 --auth ${auth})"; ${command} & until [ -e began ]; do sleep 0.02; done
      for i in 1 2 3; do js-run span run sleep 0.6 & done; wait; js-run -n 3 --timeout 5 echo all`,
      { env },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'all\n', stderr: '' });
    const spans = await world.spans();
    expect(spans).toHaveLength(7);
    expect(peak(spans)).toBe(3);
  });

  it('of a make that was started without any variable', async () => {
    const world = makeWorld();
    world.file(
      'recipe',
      `#!/bin/sh
      . ./variables; exec js-run -- span "$1" meet 4`,
    );
    world.file(
      'variables',
      Object.entries(world.env)
        .map(([name, value]) => `export ${name}='${value}'\n`)
        .join(''),
    );
    world.file('Makefile', 'all: a b c d\na b c d:\n\t@./recipe $@\n');
    const { status, stderr } = await world.run(`env -i ${make43} -s -j4`);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expectFour(await world.spans(), 4);
  });

  it('if a job goes on in the background after the command of its js-run has ended', async () => {
    const world = makeWorld();
    const { status, stdout } = await world.run(`js-create -j 1 --fifo f -- bash -c '
      js-run -- sh -c "js-run -- span inner sleep 1 & until [ -s spans ]; do sleep 0.02; done"
      js-run -- span next true; js-run --no-wait echo free; ls run/*/*/claims'`);
    expect({ status, stdout }).toEqual({ status: 0, stdout: 'free\n' });
    const spans = await world.spans();
    expect(spans).toHaveLength(2);
    expect(peak(spans)).toBe(1);
  });
});
