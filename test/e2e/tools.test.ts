import { describe, expect, it } from 'vitest';
import { make43, make441Dir, ninja113Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const NEW_TOOLS = `${make441Dir}:${ninja113Dir}`;

/** A Makefile and a build.ninja of six jobs each; so many of the Makefile's wait for each other. */
function writeBuilds(world: World, most: number): void {
  world.file(
    'Makefile',
    `all: ${[1, 2, 3, 4, 5, 6].map((n) => `j${n}`).join(' ')}\nj%:\n\t@span make-$@ meet ${most}\n`,
  );
  const edges = [1, 2, 3, 4, 5, 6].map((n) => `build n${n}: job\n`).join('');
  world.file('build.ninja', `rule job\n  command = span ninja-$out sleep 0.2 && touch $out\n${edges}`);
}

describe('--shims', () => {
  it('bridge a script that starts an old make and an old ninja itself', async () => {
    const world = makeWorld();
    writeBuilds(world, 2);
    world.file('build.sh', '#!/bin/sh\nmake -s & ninja --quiet & go version >/dev/null & wait\n');
    const { status, stdout, stderr } = await world.run('js-create -j 4 --shims -- ./build.sh');
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
    const spans = await world.spans();
    expect(spans).toHaveLength(12);
    expect(peak(spans)).toBeLessThanOrEqual(4);
    expect(peak(spans.filter(({ name }) => name.startsWith('make')))).toBeGreaterThan(1);
    expect(peak(spans.filter(({ name }) => name.startsWith('ninja')))).toBe(1);
  });

  it('work in a shell that joined with them, and in recipes of its make', async () => {
    const world = makeWorld();
    writeBuilds(world, 4);
    world.file('outer.mk', 'all: ; @$(MAKE) -s; ninja --quiet\n');
    const { status, stderr } = await world.run('eval "$(js-create -j 4 --shims)"; make -s -f outer.mk');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(peak(await world.spans())).toBe(4);
  });

  it('do nothing without a pool, and still work if CMake has stored their path', async () => {
    const world = makeWorld();
    world.file(
      'CMakeLists.txt',
      'cmake_minimum_required(VERSION 3.20)\nproject(p NONE)\nadd_custom_target(t ALL COMMAND span t true)\n',
    );
    const configure =
      'js-create -j 2 --shims -- cmake -G Ninja -B b . >/dev/null; grep CMAKE_MAKE_PROGRAM: b/CMakeCache.txt';
    expect((await world.run(configure)).stdout).toContain('shims/ninja/ninja');
    expect((await world.run('cmake --build b >/dev/null && js-create -j 2 -- cmake --build b >/dev/null')).status).toBe(
      0,
    );
    expect(await world.spans()).toHaveLength(2);
  });

  it('let tools join that can', async () => {
    const world = makeWorld();
    writeBuilds(world, 2);
    const env = { PATH: `${world.env.PATH?.split(':')[0]}:${NEW_TOOLS}:/usr/bin:/bin` };
    const build = 'command -v make; command -v ninja; make -s; ninja --quiet';
    const { stdout, stderr } = await world.run(`js-create -j 3 --shims -- sh -c "${build}"`, { env });
    expect({ stdout, stderr }).toEqual({
      stdout: expect.stringMatching(/shims\/make\/make\n.*shims\/ninja\/ninja\n$/),
      stderr: '',
    });
    for (const tool of ['make', 'ninja']) {
      expect(peak((await world.spans()).filter(({ name }) => name.startsWith(tool)))).toBe(3);
    }
  });
});

describe('js-env --check', () => {
  it.each([
    ['an old make and ninja', '', '/usr/bin:/bin', '', 1],
    ['wrappers for them', '--shims', '/usr/bin:/bin', '', 0],
    ['a variable that overrides', '--shims --keep-env MAX_JOBS', '/usr/bin:/bin', 'MAX_JOBS', 1],
    ['a variable that is cleared', '--shims', '/usr/bin:/bin', '', 0],
  ])('with %s', async (_, options, path, overriding, status) => {
    const world = makeWorld();
    const env = { PATH: `${world.env.PATH?.split(':')[0]}:${path}`, MAX_JOBS: '3' };
    const ended = await world.run(`js-create -j 3 ${options} -- js-env --check --json; exit $?`, { env });
    const report = JSON.parse(ended.stdout);
    expect(report).toMatchObject({ source: 'MAKEFLAGS', jobs: 3, fine: status === 0, unreachable: null });
    expect(report.overriding.join()).toBe(overriding);
    expect(report.tools.find(({ name }: { name: string }) => name === 'make')).toMatchObject({
      version: '4.3',
      joins: true,
    });
    expect(report.tools.find(({ name }: { name: string }) => name === 'ninja').joins).toBe(options !== '');
    expect(ended.status).toBe(status);
  });

  it('prints a table that says what to do', async () => {
    const { stdout, status } = await makeWorld().run('js-create -j 3 -- js-env --check; exit $?');
    expect(stdout).toMatch(
      /^pool {6}\/.*\nfrom {6}MAKEFLAGS, advertised as a pair.*\njobs {6}3\nkeeper {4}alive, pid \d+\n/,
    );
    expect(stdout).toMatch(/^ninja +1\.11 +no: run it as 'js-run ninja', or use js-env --shims/m);
    expect(status).toBe(1);
  });

  it('prints the table for a pool that is still to be made', async () => {
    const world = makeWorld();
    const env = { PATH: `${world.env.PATH?.split(':')[0]}:/usr/bin:/bin`, MAX_JOBS: '3' };
    const { stdout, stderr, status } = await world.run('js-env --check; exit $?', { env });
    expect(stdout).toMatch(/^pool {6}none; in one that js-create makes:\nproblem {3}MAX_JOBS overrides the pool/);
    expect(stdout).toMatch(/^make +4\.3 +by itself/m);
    expect(stdout).toMatch(/^ninja +1\.11 +no: run it as 'js-run ninja'/m);
    expect({ status, stderr }).toEqual({ status: 69, stderr: expect.stringMatching(/^js-env: no pool: /) });
    const report = JSON.parse((await world.run('js-env --check --json', { env })).stdout);
    expect(report).toMatchObject({ pool: null, fine: false, overriding: ['MAX_JOBS'] });
  });

  it('explains a closed pair, as in a recipe without +', async () => {
    const world = makeWorld();
    world.file('Makefile', 'all: ; @sh -c "js-env --check; true"\n');
    expect((await world.run('make -s -j2')).stdout).toContain("put '+' before the recipe line");
  });
});

describe('a setting that overrides the pool', () => {
  const SHOW = 'sh -c \'echo "$MAX_JOBS|$NINJAFLAGS|$GNUMAKEFLAGS|$CMAKE_BUILD_PARALLEL_LEVEL"\'';
  const SET = 'export MAX_JOBS=3 NINJAFLAGS="-v -j7" GNUMAKEFLAGS="-j3" CMAKE_BUILD_PARALLEL_LEVEL=9;';

  it.each([
    ['is unset, or set to the number of slots for tools that cannot join', 'js-run', '1|-v||1\n'],
    ['is set to more slots', 'js-run -n 2', '2|-v||2\n'],
    ['is kept with --keep-env', 'js-run --keep-env MAX_JOBS,GNUMAKEFLAGS', '3|-v|-j3|1\n'],
  ])('%s', async (_, run, stdout) => {
    const ended = await makeWorld().run(`${SET} js-create -j 2 --keep-env MAX_JOBS,GNUMAKEFLAGS -- ${run} ${SHOW}`);
    expect(ended).toMatchObject({ stdout, stderr: '' });
  });

  it('is printed as one by js-env', async () => {
    const { stdout } = await makeWorld().run(`${SET} eval "$(js-create -j 2)"; export MAX_JOBS=3; js-env; true`);
    expect(stdout).toContain('export MAX_JOBS=1\n');
  });

  it.each([
    ['make -j2 -f /dev/null all', '-j2', 'make'],
    [`${make43} -kj -f /dev/null all`, '-kj', make43],
    ['go run -p 8 none.go', '-p 8', 'go'],
    ['ninja -j 2 -t list', '-j 2', 'ninja'],
  ])('causes a warning in %s', async (words, option, program) => {
    const { stderr } = await makeWorld().run(
      `js-create -j 2 --auth pipe -- js-run ${words} 2>&1 >/dev/null | grep ^js- >&2`,
    );
    expect(stderr).toBe(
      `js-run: warning: '${option}' makes ${program} ignore the pool; remove it, or use js-run --fit\n`,
    );
  });

  it('a folder whose name ends in j is not a number of jobs', async () => {
    expect((await makeWorld().run('mkdir obj; js-create -j 2 -- js-run make -Cobj -n 2>&1')).stdout).not.toContain(
      'warning',
    );
  });
});

describe('an existing pool', () => {
  it('is not reached through /proc with --no-adopt, and the message says what to do', async () => {
    const world = makeWorld();
    world.file('Makefile', 'all: ; @js-run --no-adopt true; js-run --no-adopt --require true; echo $$?\n');
    const { stdout, stderr } = await world.run('make -s -j2');
    expect(stdout).toBe('69\n');
    expect(stderr.trim().split('\n')).toHaveLength(2);
    expect(stderr).toContain("put '+' before the recipe line, or use make 4.4");
  });

  it('may be a character device', async () => {
    const script = 'MAKEFLAGS=" -j2 --jobserver-auth=fifo:/dev/zero" js-run --require -- printf "%s\\n" ran';
    expect(await makeWorld().run(script)).toEqual({ stdout: 'ran\n', stderr: '', status: 0 });
  });

  it('of make 4.1 is joined through --jobserver-fds', async () => {
    const world = makeWorld();
    const script =
      'eval "$(js-create -j 2 --auth pipe)"; MAKEFLAGS="--jobserver-fds=$(echo "$MAKEFLAGS" | sed s/.*auth=//) -j" js-run --require -- sh -c "echo \\$MAKEFLAGS"';
    expect((await world.run(script)).stdout).toMatch(/-j2 --jobserver-auth=/);
  });

  it.each([
    [
      'setsid',
      'setsid --fork js-run --no-wait span detached true; until [ -s spans ] || [ -s err ]; do sleep 0.05; done',
    ],
    [
      'a parent that has ended',
      `(sh -c "tries=0; while [ -e /proc/\\$PPID ] && [ \\$((tries += 1)) -lt 20 ]; do sleep 0.05; done
        js-run --no-wait span detached true" &); until [ -s spans ] || [ -s err ]; do sleep 0.05; done`,
    ],
  ])('gives no implicit slot to a process without a client above: %s', async (_, script) => {
    const world = makeWorld();
    await world.run(`js-create -j 1 -- sh -c '${script}' 2>err; touch spans; cat err >&2`);
    expect((await world.run('cat spans err')).stdout).toContain('this process is outside that session');
  });

  it('lets several levels of make and js-run share it', async () => {
    const world = makeWorld();
    writeBuilds(world, 2);
    world.file('outer.mk', 'all: a b\na b: ; +@js-run -- $(MAKE) -s -f middle.mk $@\n');
    world.file(
      'middle.mk',
      'a: ; +@js-run -- $(MAKE) -s\nb: ; +@for i in 1 2 3; do js-run -- span b$$i sleep 0.2 & done; wait\n',
    );
    for (const env of [world.env, withPath(make441Dir, world.env) as Record<string, string>]) {
      const { status, stderr } = await world.run('rm -f spans; make -s -j4 -f outer.mk', { env });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      expect(peak(await world.spans())).toBeLessThanOrEqual(4);
    }
  });
});
