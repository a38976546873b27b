import { describe, expect, it } from 'vitest';
import { make43, make441Dir, ninja113Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const SHOW = `sh -c 'echo "$MAKEFLAGS"'`;
const PAIR = ' -j4 --jobserver-auth=\\d+,\\d+';
const PATH = '--jobserver-auth=fifo:/\\S+';

describe('js-run below js-create advertises', () => {
  it.each([
    ['', '', `^${PAIR} -- ${PATH}\n$`],
    ['--auth fifo', '', `^ -j4 ${PATH}\n$`],
    ['--auth pipe', '', `^${PAIR}\n$`],
    ['--auth fifo', '--auth auto', `^${PAIR} -- ${PATH}\n$`],
    ['--auth pipe', '--auth fifo', `^ -j4 ${PATH}\n$`],
    ['--shims', '', `^ -j4 --jobserver-auth=-2,-2 -- ${PATH}\n$`],
    ['--shims --auth pipe', '', `^${PAIR}\n$`],
  ])('what %o and then %o ask for, with make 4.3', async (create, run, expected) => {
    const { stdout, stderr } = await makeWorld().run(
      `js-create -j 4 ${create} -- js-run sh -c 'js-run ${run} ${SHOW.replaceAll("'", `'"'"'`)}'`,
    );
    expect(stdout).toMatch(new RegExp(expected));
    expect(stderr).toBe('');
  });

  it('a path alone to make 4.4, and a pair to a make 4.3 all the same', async () => {
    const world = makeWorld();
    world.file('Makefile', `all: ; @${SHOW.replaceAll('$', '$$$$')}\n`);
    const { stdout, stderr } = await world.run(
      `js-create -j 4 -- ${SHOW}; js-create -j 4 --auth fifo -- js-run ${make43} -s`,
      { env: withPath(make441Dir, world.env) as Record<string, string> },
    );
    expect(stdout).toMatch(new RegExp(`^ -j4 ${PATH}\ns?${PAIR} -- ${PATH}\n$`));
    expect(stderr).toBe('');
  });

  it('the path to pytest-jobserver too, and takes it back', async () => {
    const show = `echo "\${PYTEST_JOBSERVER-unset}"`;
    const { stdout } = await makeWorld().run(
      `js-create -j 2 --fifo f -- js-run sh -c '${show}; eval "$(js-env --auth pipe)"; ${show}'
      eval "$(js-create -j 2 --fifo f)"; ${show}; eval "$(js-env --strip)"; ${show}; js-destroy --fifo f`,
    );
    expect(stdout).toMatch(/^\/.*\/f\nunset\n\/.*\/f\nunset\n$/);
  });

  it('what eval was asked for', async () => {
    const { stdout } = await makeWorld().run(`eval "$(js-create -j 4 --auth fifo)"; js-run ${SHOW}`);
    expect(stdout).toMatch(new RegExp(`^ -j4 ${PATH}\n$`));
  });
});

/** A build.ninja of six edges, and a Makefile of six targets, each of them a job that takes a while. */
function writeBuilds(world: World): void {
  const numbers = [1, 2, 3, 4, 5, 6];
  world.file('Makefile', `all: ${numbers.map((n) => `m${n}`).join(' ')}\nm%: ; @span $@ meet\n`);
  const edges = numbers.map((n) => `build n${n}: job\n`).join('');
  world.file('build.ninja', `rule job\n  command = span $out meet\n${edges}`);
  world.file('close.py', 'import subprocess, sys\nsys.exit(subprocess.run(sys.argv[1:]).returncode)\n');
}

describe('below a program that closes descriptors', () => {
  const CALLERS: [string, string][] = [
    ['js-create', 'js-create -j 3 -- sh -c "$BUILD"'],
    ['js-create and js-run', 'js-create -j 3 -- js-run sh -c "$BUILD"'],
    ['eval', 'eval "$(js-create -j 3)"; js-run sh -c "$BUILD"'],
    ['make 4.3', `BUILD="js-run sh -c '$BUILD'" ${make43} -s -j3 -f outer.mk`],
    [
      'make 4.3 with a foreign pipe',
      `BUILD="exec 3>&1 4>&2; js-run sh -c '$BUILD'" ${make43} -s -j3 -f outer.mk | cat`,
    ],
  ];

  it.each(CALLERS)('ninja 1.13 joins the pool of %s by its path', async (_, caller) => {
    const world = makeWorld();
    writeBuilds(world);
    world.file('outer.mk', 'all: ; @$(BUILD)\n');
    const env = withPath(ninja113Dir, { ...world.env, BUILD: 'python3 close.py ninja --quiet', MEET: '3' }) as Record<
      string,
      string
    >;
    const { status, stderr } = await world.run(caller, { env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    const spans = await world.spans();
    expect({ jobs: spans.length, peak: peak(spans) }).toEqual({ jobs: 6, peak: 3 });
  });

  it.each(CALLERS)('make 4.3 stays in its slot in the pool of %s, and js-run leads it back', async (_, caller) => {
    const world = makeWorld();
    writeBuilds(world);
    world.file('outer.mk', 'all: ; @$(BUILD)\n');
    const alone = { ...world.env, BUILD: 'python3 close.py make -s', MEET: '1' };
    expect((await world.run(caller, { env: alone })).status).toBe(0);
    expect(peak(await world.spans())).toBe(1);
    const { status, stderr } = await world.run(`rm -r spans*; ${caller}`, {
      env: { ...alone, BUILD: 'python3 close.py js-run make -s', MEET: '3' },
    });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(peak(await world.spans())).toBe(3);
  });

  it('js-env --check names what joins and what does not', async () => {
    const world = makeWorld();
    writeBuilds(world);
    const { stdout } = await world.run('js-create -j 3 -- env python3 close.py js-env --check --json');
    const { styles, unreachable, tools } = JSON.parse(stdout);
    expect({ styles, unreachable }).toEqual({ styles: ['pair', 'fifo'], unreachable: null });
    const howOf = (name: string) => tools.find((tool: { name: string }) => tool.name === name).how;
    expect(howOf('cargo')).toBe('by itself');
    expect(howOf('make')).toContain('the descriptors are closed here');
    const pair = await world.run('js-create -j 3 --auth pipe -- env python3 close.py js-env --check --json');
    const report = JSON.parse(pair.stdout);
    expect(report.unreachable).toBe('the descriptors are closed here: start what needs them with js-run');
    expect(report.tools.find(({ name }: { name: string }) => name === 'cargo').joins).toBe(false);
    expect(pair.status).toBe(1);
  });
});
