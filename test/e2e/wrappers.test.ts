import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { make441Dir, ninja113Dir, withPath } from '../setup/tools.js';
import { peak } from '../spans/spans.js';
import { makeWorld, type World } from './world.js';

const JOBS = [1, 2, 3, 4, 5, 6];

/** Six jobs for each of make, ninja, and cmake over both, and programs between js-run and them. */
async function makeBuilds(): Promise<World> {
  const world = makeWorld();
  world.file('Makefile', `all: ${JOBS.map((n) => `m${n}`).join(' ')}\nm%: ; @span $@ meet\n`);
  const edges = JOBS.map((n) => `build n${n}: job\n`).join('');
  world.file('build.ninja', `rule job\n  command = span $out meet\n${edges}`);
  const targets = JOBS.map((n) => `add_custom_target(c${n} ALL COMMAND span c${n} meet)\n`).join('');
  world.file('CMakeLists.txt', `cmake_minimum_required(VERSION 3.20)\nproject(p NONE)\n${targets}`);
  await world.run('cmake -G Ninja -B over-ninja . && cmake -G "Unix Makefiles" -B over-make .');
  world.file('run.py', 'import os, sys\nsys.exit(os.waitstatus_to_exitcode(os.system(sys.argv[1])))\n');
  world.file(
    'tool',
    '#!/usr/bin/env python3\nimport os, sys\nsys.exit(os.waitstatus_to_exitcode(os.system(sys.argv[1])))\n',
  );
  world.file('build.sh', '#!/bin/sh\neval "$1"\n');
  return world;
}

async function expectPeak(world: World, command: string, expected: number, env = world.env): Promise<void> {
  const { status } = await world.run(command, { env: { ...env, MEET: String(expected) } });
  expect(status).toBe(0);
  const spans = await world.spans();
  expect({ peak: peak(spans), jobs: spans.length % JOBS.length }).toEqual({ peak: expected, jobs: 0 });
}

describe('a number of jobs becomes the number of free slots', () => {
  it.each([
    ['make -s -j2', 2],
    ['make -s -j 9', 4],
    ['make -sj', 4],
    ['make -s --jobs=3', 3],
    ['ninja -j3', 3],
    ['ninja -j 9', 4],
    ['ninja', 1],
    ['cmake --build over-ninja -j 3', 3],
    ['cmake --build over-ninja --parallel 9', 4],
    ['CMAKE_BUILD_PARALLEL_LEVEL=3 cmake --build over-ninja', 3],
    ['cmake --build over-make -j3', 3],
    ['CMAKE_BUILD_PARALLEL_LEVEL=9 cmake --build over-make', 4],
    ['cmake --build over-make', 4],
    ['make -s -j9 & ninja -j9 & wait', 4],
    // Each gets slots as they become free.
    ['make -s -j4 & make -s -j4 & wait', 4],
  ])('with --shims: %s', async (build, expected) => {
    await expectPeak(await makeBuilds(), `js-create -j 4 --shims -- ./build.sh '${build}'`, expected);
  });

  it.each([
    ['js-run --fit make -s -j2', 2],
    ['js-run --fit ninja -j9', 4],
    ['js-run --fit make -s', 4],
    ['js-acquire -n 2 >/dev/null; js-run --fit make -s -j9', 2],
  ])('with --fit: %s', async (command, expected) => {
    await expectPeak(await makeBuilds(), `js-create -j 4 -- bash -c '${command}; js-release'`, expected);
  });

  it('but a tool that can join ignores a number that is not less than N', async () => {
    const world = await makeBuilds();
    // A number of its own would be what is free when it starts, which is one.
    const script = `eval "$(js-create -j 4)"; slots=$(js-acquire -n 3)
      js-run --fit make -s -j4 & while ! test -s spans; do sleep 0.01; done; js-release "$slots"; wait`;
    await expectPeak(world, script, 4);
  });

  it.each([
    ['through a wrapper', 'js-create -j 2 --auth pipe --shims -- ./build.sh ninja'],
    ['with the number of the pool', 'js-create -j 2 --auth pipe --shims -- ./build.sh "ninja -j2"', 2],
    ['in front', 'js-create -j 2 --auth pipe -- js-run ninja'],
    ['with cmake in front', 'js-create -j 2 --auth pipe -- js-run cmake --build over-ninja'],
  ])('for ninja 1.13 if only a pair is advertised: %s', async (_, command, expected = 1) => {
    const world = await makeBuilds();
    const env = withPath(`${make441Dir}:${ninja113Dir}`, world.env) as Record<string, string>;
    await world.run('rm -r over-ninja && cmake -G Ninja -B over-ninja .', { env });
    await expectPeak(world, command, expected, env);
  });

  it.each([
    ['js-run --fit go run -p 8 show.go -p 7', '2 go run -p=2 show.go -p 7'],
    ['GOMAXPROCS=9 js-run --fit go run show.go', '2 go run show.go'],
    ['js-run --shims sh -c "go run -p 8 show.go"', '2 go run -p=2 show.go'],
    ['js-run go run show.go', '1 go run show.go'],
    ['js-run go run -p 1 show.go', '1 go run -p 1 show.go'],
  ])('for go: %s', async (command, seen) => {
    const world = makeWorld();
    world.file(
      'show.go',
      `package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

func main() {
	words, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", os.Getppid()))
	line := strings.Split(strings.TrimRight(string(words), "\\x00"), "\\x00")
	line[0] = "go"
	fmt.Println(runtime.GOMAXPROCS(0), strings.Join(line, " "))
}
`,
    );
    const ended = await world.run(`js-create -j 2 -- sh -c '${command}'`);
    expect(ended).toEqual({ status: 0, stdout: `${seen}\n`, stderr: '' });
  });

  it('and all slots go back', async () => {
    const world = await makeBuilds();
    const { stdout, stderr } = await world.run(
      `eval "$(js-create -j 4)"; js-run --fit ninja -j9 --quiet; js-acquire -n 4 --no-wait >/dev/null && echo all`,
      { env: { MEET: '4' } },
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'all\n', stderr: '' });
  });
});

describe('below a program that starts builds', () => {
  it.each(['python3 run.py', './tool', 'python3 ./tool'])('every tool stays within the pool: %s', async (program) => {
    const world = await makeBuilds();
    const build = 'make -s & ninja & ninja -j7 & cmake --build over-ninja -j8 & cmake --build over-make & wait';
    await expectPeak(world, `js-create -j 4 -- js-run ${program} '${build}'`, 4);
  });

  it('ninja 1.13 joins, even if it gets the number that the commands have set', async () => {
    const world = await makeBuilds();
    const env = withPath(ninja113Dir, world.env) as Record<string, string>;
    const configured = 'cmake -G Ninja -B new . && cmake --build new';
    for (const build of ['$NINJA', 'ninja -j $MAX_JOBS', configured, `${configured} -j $MAX_JOBS`])
      await expectPeak(world, `rm -f spans; js-create -j 3 -- js-run python3 run.py '${build}'`, 3, env);
  });

  it('variables for tools that cannot join are set to the number of slots', async () => {
    const world = await makeBuilds();
    const show = 'echo "$MAX_JOBS|$NPY_NUM_BUILD_JOBS|$CMAKE_BUILD_PARALLEL_LEVEL|$(basename "$NINJA")"';
    world.file('show', show);
    const { stdout } = await world.run(`js-create -j 4 -- bash -c 'js-run python3 run.py "sh show"
      js-run -n 2 python3 run.py "sh show"; MAX_JOBS=9 js-run --keep-env MAX_JOBS python3 run.py "sh show"
      NINJA=other js-run python3 run.py "sh show"; js-run sh show'; js-create -j 4 -- python3 run.py "sh show"`);
    expect(stdout).toBe('1|1|1|ninja\n2|2|2|ninja\n9|1|1|ninja\n1|1|1|other\n|||\n1|1|1|ninja\n');
  });

  it('a smaller number that a user has set stays', async () => {
    const world = await makeBuilds();
    const show = (run: string) => `${run} python3 -c "import os; print(os.environ['MAX_JOBS'])";`;
    const script = show('MAX_JOBS=2 js-run -n 3') + show('MAX_JOBS=9 js-run -n 3') + show('MAX_JOBS=0 js-run -n 3');
    world.file('show.sh', `#!/bin/sh\n${script}\njs-run sh -c 'js-run python3 -c "import os"; true'\n`);
    expect(await world.run('js-create -j 4 -- ./show.sh')).toEqual({ status: 0, stdout: '2\n3\n3\n', stderr: '' });
  });

  it('the wrapper of ninja starts a ninja with another name', async () => {
    const world = makeWorld();
    mkdirSync(join(world.dir, 'tools'));
    const script = `ninja=$(js-create --shims -- sh -c 'echo "$NINJA"'); PATH=${join(world.dir, 'tools')}; "$ninja" --version`;
    expect(await world.run(script)).toEqual({ status: 127, stdout: '', stderr: 'ninja: not found on PATH\n' });
    symlinkSync('/usr/bin/ninja', join(world.dir, 'tools/samu'));
    expect(await world.run(script)).toEqual({ status: 0, stdout: '1.11.1\n', stderr: '' });
    symlinkSync(join(ninja113Dir, 'ninja'), join(world.dir, 'tools/ninja-build'));
    expect((await world.run(script)).stdout).toMatch(/^1\.13\./);
  });

  it('js-env --check finds nothing wrong with them', async () => {
    const { stdout, status } = await makeWorld().run(
      'js-create -j 4 -- js-run python3 -c \'import os; os.system("js-env --check")\'',
    );
    expect({ status, stdout }).toEqual({ status: 0, stdout: expect.not.stringContaining('problem') });
  });
});
