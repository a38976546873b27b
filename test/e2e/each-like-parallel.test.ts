import { expect, it } from 'vitest';
import { CASES, type Case } from './each/cases.js';
import { makeWorld } from './world.js';

const PRINT_ARGUMENTS = `#!/bin/sh
for argument; do printf '[%s]' "$argument"; done; echo`;

const PARALLEL = { EACH: 'parallel --will-cite', EACH_SH: 'parallel --will-cite' };
const JS_EACH = { EACH: 'js-each', EACH_SH: 'js-each --shell' };

/** Runs the script of a case; returns what it prints as one line, and its exit status. */
async function run(script: string, { EACH, EACH_SH }: typeof JS_EACH) {
  const world = makeWorld();
  world.file('bin/args', PRINT_ARGUMENTS);
  const text = script.replaceAll('EACH_SH', EACH_SH).replaceAll('EACH', EACH);
  // parallel writes to its user's home.
  const { stdout, stderr, status } = await world.run(text, { env: { HOME: world.dir } });
  return { prints: stdout.replace(/\n$/, '').replaceAll('\n', ' '), status, stderr };
}

const rows = (has: (row: Case) => unknown) => CASES.filter(has).map((row) => [row.feature, row] as const);

it.each(rows(() => true))('GNU parallel: %s', async (_, { script, prints, status = 0 }) =>
  expect(await run(script, PARALLEL)).toMatchObject({ prints, status }),
);

it.each(rows(({ xargs }) => xargs))('xargs: %s', async (_, { xargs = '', prints }) =>
  expect(await run(xargs, PARALLEL)).toMatchObject({ prints, status: 0, stderr: '' }),
);

it.each(rows(() => true))('js-each: %s', async (_, { script, prints, status = 0, differs }) => {
  const same = { prints, status };
  const expected = {
    ...same,
    ...(differs?.prints !== undefined && { prints: differs.prints }),
    ...(differs?.status !== undefined && { status: differs.status }),
  };
  // A difference that is none would be a wrong note in the table.
  if (differs !== undefined) expect(expected).not.toEqual(same);
  expect(await run(script, JS_EACH)).toMatchObject(expected);
});
