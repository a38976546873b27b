/** The builds that these commands exist for: Python, which closes descriptors, between js-run and what can join the pool. */
import { describe, expect, it } from 'vitest';
import { peak } from '../spans/spans.js';
import { recordCompilers, UNITS } from './chain/compilers.js';
import { CARGO_SCRIPT, WORKSPACES, writeCrates } from './chain/crates.js';
import { ALL_BACK, OUTERS, type Outer } from './chain/outers.js';
import { pipVariables, WHEELS, writeWheels } from './chain/wheels.js';
import { makeWorld, type World } from './world.js';

/** Milliseconds for what takes a twentieth of that on a machine that has nothing else to do. */
const PATIENCE = 200_000;

/** Builds all targets at once, and expects the compilers to have run four at a time: never more, and not always less. */
async function expectFour(
  world: World,
  outer: Outer,
  targets: readonly string[],
  command: string,
  env: Record<string, string>,
): Promise<void> {
  const { status, stdout, stderr } = await world.run(outer.script(world, targets, command), { env, timeout: PATIENCE });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: ALL_BACK, stderr: '' });
  const spans = await world.spans();
  expect(spans).toHaveLength(targets.length * UNITS);
  expect(peak(spans)).toBe(4);
}

const pathOf = ({ makeDir }: Outer, world: World): string => {
  const [bin, ...rest] = (world.env.PATH ?? '').split(':');
  return [bin, makeDir, ...rest].join(':');
};

describe('python3 that starts cargo', () => {
  it.each(OUTERS)('$name', async (outer) => {
    const world = makeWorld();
    writeCrates(world.dir);
    world.file('build.py', CARGO_SCRIPT);
    const env = { ...recordCompilers(world), PATH: pathOf(outer, world) };
    await expectFour(world, outer, WORKSPACES, 'python3 build.py', env);
  });
});

describe('pip wheel: setuptools, meson-python with three ninjas, scikit-build-core', () => {
  it.each(OUTERS.filter(({ isAlike }) => !isAlike))(
    '$name',
    async (outer) => {
      const world = makeWorld();
      writeWheels(world.dir);
      const env = { ...recordCompilers(world), ...pipVariables(pathOf(outer, world)) };
      await expectFour(world, outer, WHEELS, 'pip wheel --quiet --no-deps --wheel-dir wheels', env);
    },
    1.2 * PATIENCE,
  );
});
