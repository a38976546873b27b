import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { withPath } from '../setup/tools.js';
import { parseSpans, peak } from '../spans/spans.js';
import { INNERS } from './matrix/inners.js';
import { ALL_SLOTS, OUTERS } from './matrix/outers.js';
import { LEAF_COUNT, writeProjects } from './matrix/projects.js';
import { formatTable } from './matrix/table.js';
import { makeWorld, type World } from './world.js';

/** Every tool that makes a pool or is in one; for a part of it, the two whose pools differ most. */
const TESTED_OUTERS = process.env.TEST_PART
  ? OUTERS.filter(({ name }) => ['make 4.3, without +', 'js-create'].includes(name))
  : OUTERS;

/** With every tool that js-run can start there as its one job. */
const CELLS = TESTED_OUTERS.flatMap((outer) =>
  INNERS.map((inner) => [`${outer.name}: js-run -- ${inner.name}`, outer, inner] as const),
);

/** The peaks, by the cell's name. */
const measured = new Map<string, number>();
let projects = '';

beforeAll(() => {
  projects = mkdtempSync(join(tmpdir(), 'js-matrix-'));
  writeProjects(projects);
});

afterAll(() => {
  rmSync(projects, { recursive: true, force: true });
  console.log(
    formatTable(
      TESTED_OUTERS,
      INNERS,
      CELLS.map(([cell]) => measured.get(cell)),
    ),
  );
});

/** Returns a file of the world, empty if nothing was written. */
function readIn(world: World, name: string): string {
  const file = join(world.dir, name);
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

it.each(CELLS)('%s', async (cell, outer, inner) => {
  const world = makeWorld();
  const fresh = join(world.dir, 'fresh');
  mkdirSync(fresh);
  const words = ['js-run', '--', ...inner.words(projects, fresh)];
  const path = outer.path === undefined ? world.env : withPath(outer.path, world.env);
  const most = inner.joins ? 4 : 1;
  const env = { PATH: path.PATH ?? '', GOCACHE: join(fresh, 'go'), MEET: String(most) };
  const ended = await world.run(outer.script(world, words, projects), { env, timeout: 20_000 });

  const spans = parseSpans(readIn(world, 'spans'));
  measured.set(cell, peak(spans));
  const all = { ...ended, inner: readIn(world, 'inner.stderr') };
  expect(all).toEqual({ status: 0, stdout: ALL_SLOTS, stderr: '', inner: '' });
  expect(spans.length).toBeGreaterThanOrEqual(LEAF_COUNT);
  // No other job needs a slot: with less than four, a slot would be held twice.
  expect(peak(spans)).toBe(most);
  await world.expectNoPool();
});
