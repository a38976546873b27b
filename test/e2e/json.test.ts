import { describe, expect, it } from 'vitest';
import { make43, make441Dir, ninja113Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

/** What a program in Python does with a pool that it makes. */
const JOIN = `import json, os, subprocess, sys
def join(*command):
    joined = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    os.environ.update(joined["set"])
    for name in joined["unset"]:
        os.environ.pop(name, None)
    return joined
`;

const MAKES: [string, (world: World) => Record<string, string>][] = [
  ['4.3', ({ env }) => env],
  ['4.4.1', ({ env }) => withPath(make441Dir, env) as Record<string, string>],
];

describe.each(MAKES)('js-create --json with make %s', (version, envOf) => {
  it('makes a pool for a program in Python, with exactly N jobs, that ends with it', async () => {
    const world = makeWorld();
    world.file(
      'build.py',
      `${JOIN}
joined = join("js-create", "-j3", "--json")
print(sorted(joined), joined["jobs"], os.path.exists(joined["path"]))
jobs = [subprocess.Popen(["js-run", "span", f"job {n}", "meet", "3"]) for n in range(9)]
print({job.wait() for job in jobs})
`,
    );
    const { stdout, stderr } = await world.run('python3 build.py', {
      env: { ...envOf(world), MAX_JOBS: '4', CARGO_MAKEFLAGS: '-j9', MAKEFLAGS: 'k -- A=b' },
    });
    expect({ stdout, stderr }).toEqual({
      stdout: "['jobs', 'path', 'set', 'unset'] 3 True\n{0}\n",
      stderr: '',
    });
    const spans = await world.spans();
    expect({ jobs: spans.length, peak: peak(spans) }).toEqual({ jobs: 9, peak: 3 });
    await world.expectNoPool();
  });

  it('advertises a pool that Python can pass on to make, ninja and js-run', async () => {
    const world = makeWorld();
    const targets = [1, 2, 3, 4, 5, 6];
    world.file('Makefile', `all: ${targets.map((n) => `m${n}`).join(' ')}\nm%: ; @span $@ sleep 0.3\n`);
    const edges = targets.map((n) => `build n${n}: job\n`).join('');
    world.file('build.ninja', `rule job\n  command = span $out sleep 0.3\n${edges}`);
    world.file(
      'build.py',
      `${JOIN}
join("js-create", "-j3", "--json")
sys.exit(subprocess.run(sys.argv[1:]).returncode)
`,
    );
    const env = withPath(ninja113Dir, envOf(world)) as Record<string, string>;
    for (const [command, jobs] of [
      ['js-run make -s', 3],
      // No command opens a pair for it.
      ['make -s', version === '4.3' ? 1 : 3],
      ['ninja --quiet', 3],
    ] as const) {
      const { status, stderr } = await world.run(`rm -f spans; python3 build.py ${command}`, { env });
      expect({ status, stderr: stderr.replace(/^make: warning: jobserver unavailable.*\n/, '') }).toEqual({
        status: 0,
        stderr: '',
      });
      expect([command, peak(await world.spans())]).toEqual([command, jobs]);
    }
  });
});

describe('--json', () => {
  it('lists the variables to set and to unset', async () => {
    const world = makeWorld();
    const env = { MAX_JOBS: '4', MAKEOPTS: '-j4', MFLAGS: '-k', MAKEFLAGS: 'k -- A=b' };
    const script = 'js-create -j 3 --fifo f --json; js-destroy --fifo f; js-create --json --owner none --fifo g';
    const { stdout } = await world.run(`${script} --auth fifo --keep-env MAKEOPTS; js-destroy --fifo g`, { env });
    const [pair, fifo] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const path = `${world.dir}/f`;
    expect(pair).toMatchObject({ path, jobs: 3 });
    expect(pair.set.MAKEFLAGS).toBe(`k -j3 --jobserver-auth=-2,-2 -- A=b --jobserver-auth=fifo:${path}`);
    expect(pair.set).toMatchObject({ MAX_JOBS: '1', PYTEST_JOBSERVER: path });
    expect(pair.unset).toEqual(expect.arrayContaining(['CARGO_MAKEFLAGS', 'MFLAGS', 'MAKEOPTS']));
    expect(pair.unset.filter((name: string) => name in pair.set)).toEqual([]);
    expect(fifo.set.MAKEFLAGS).toMatch(/^k -j\d+ --jobserver-auth=fifo:\/\S+\/g -- A=b$/);
    expect(fifo.unset).not.toContain('MAKEOPTS');
  });

  it('of js-env has the same format, also in a pool of make and with --strip', async () => {
    const world = makeWorld();
    const report = 'js-env --json';
    const { stdout } = await world.run(
      `js-create -j 3 --fifo f -- ${report}
      printf 'all:\\n\\t@${report}\\n' >m.mk; ${make43} -sj2 -f m.mk
      MAKEFLAGS="k -j2 --jobserver-auth=fifo:/x" js-env --strip --json`,
    );
    const [ours, makes, none] = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(ours).toMatchObject({ path: `${world.dir}/f`, jobs: 3 });
    expect(makes).toMatchObject({ path: expect.stringMatching(/^\/proc\/\d+\/fd\/\d+$/), jobs: 2 });
    expect(makes.set.MAKEFLAGS).toMatch(/-j2 --jobserver-auth=-2,-2 -- --jobserver-auth=fifo:\/proc\//);
    expect(none).toMatchObject({ path: null, jobs: null, set: { MAKEFLAGS: 'k' } });
    expect(none.unset).toContain('CARGO_MAKEFLAGS');
  });

  it.each([
    ['js-create --json true', '--json cannot be combined with a COMMAND'],
    ['js-create --json --auth pipe', '--auth pipe cannot be combined with --json'],
    ['js-create -- js-env --json --auth pipe', '--auth pipe cannot be combined with --json'],
  ])('is refused, with nothing for a shell to run: %s', async (script, message) => {
    const { stdout, stderr, status } = await makeWorld().run(script);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
    expect(stderr).toContain(message);
  });

  it('leaves nothing for a shell to run if it fails', async () => {
    expect(await makeWorld().run('js-create --json --fifo /nowhere/f')).toMatchObject({ stdout: '', status: 1 });
    expect(await makeWorld().run('js-env --json')).toMatchObject({ stdout: '', status: 69 });
  });
});
