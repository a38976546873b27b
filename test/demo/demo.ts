/**
 * npm run demo: cargo, three pip wheels, go and a recursive make side by side, first each with four jobs of its own and then
 * in one pool of four slots, and a picture of what ran when. Exit status 0 when everything was built, never more than four jobs
 * ran in the pool, four did, and nothing of the pool is left. With --svg FILE the pictures are also drawn there.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { drawLanes } from '../spans/draw.js';
import { extent, parseSpans, peak, reachedFor, type Span } from '../spans/spans.js';
import { runBuild } from './build.js';
import { failedLogs, tailOf } from './logs.js';
import { type Found, findParts, type Part } from './parts.js';
import { drawPictures } from './pictures.js';
import { makeWorkspace } from './workspace.js';

const SLOTS = 4;
// The same from test/demo/ and, bundled, from dist/test/.
const REPOSITORY = resolve(__dirname, '../..');
const WORK = join(REPOSITORY, 'test/demo/work');

/** How one of the two builds went. */
interface Build {
  status: number;
  left: string[];
  freeMemory: number;
  spans: Span[];
}

async function main(): Promise<number> {
  makeWorkspace(WORK, REPOSITORY);
  const found = findParts(WORK);
  for (const line of found.missing) console.log(line);
  if (found.parts.length === 0) return fail('nothing to build');
  console.log(`building ${found.parts.map(({ name }) => name).join(', ')}; logs in test/demo/work`);
  console.log(`\nwithout a pool, each with ${SLOTS} jobs:`);
  const alone = await build(found, false);
  if (alone.status !== 0) return failBuild(alone.status);
  makeWorkspace(WORK, REPOSITORY);
  console.log(`\nin a pool of ${SLOTS}:`);
  const { status, left, spans, freeMemory } = await build(found, true);
  if (status !== 0) return failBuild(status);
  console.log(
    `\n${compare('without a pool', alone)}\n${compare(`in a pool of ${SLOTS}`, { status, left, spans, freeMemory })}`,
  );
  const [option, file] = process.argv.slice(2);
  if (option === '--svg' && file !== undefined) {
    const titles = [`Each tool with ${SLOTS} jobs of its own`, `The same build in a pool of ${SLOTS}`] as const;
    writeFileSync(file, drawPictures([titles[0], alone.spans, peak(alone.spans)], [titles[1], spans, SLOTS]));
  }
  if (left.length > 0) return fail(`js-create left behind ${left.join(', ')}`);
  return judge(spans, found.parts);
}

async function build(found: Found, inPool: boolean): Promise<Build> {
  const outcome = await runBuild(WORK, SLOTS, inPool, found);
  const file = join(WORK, 'spans');
  const spans = existsSync(file) ? parseSpans(readFileSync(file, 'utf8')) : [];
  const slots = inPool ? SLOTS : peak(spans);
  console.log(drawLanes(spans, process.stdout.columns || 80, { slots, colour: hasColour() }));
  return { ...outcome, spans };
}

function failBuild(status: number): number {
  if (status > 128) {
    console.error('demo: interrupted');
    return status;
  }
  for (const log of failedLogs(WORK)) console.error(tailOf(log));
  return fail(`the build ended with status ${status}`);
}

function compare(name: string, { spans, freeMemory }: Build): string {
  const { from, to } = extent(spans);
  const seconds = ((to - from) / 1000).toFixed(1);
  return `${name.padEnd(16)} at most ${peak(spans)} jobs at a time, ${seconds} s, at least ${Math.round(freeMemory / 1e6)} MB of memory free`;
}

function judge(spans: Span[], parts: Part[]): number {
  const reached = peak(spans);
  if (reached > SLOTS) return fail(`${reached} jobs ran at the same time in a pool of ${SLOTS}`);
  // With parts left out there may not be enough to do for every slot.
  const wanted = Math.min(
    SLOTS,
    parts.reduce((sum, { widest }) => sum + widest, 0),
  );
  if (reached < wanted) return fail(`no more than ${reached} jobs ran at the same time, ${wanted} could have`);
  console.log(`${(reachedFor(spans, wanted) / 1000).toFixed(1)} s with ${wanted} at once, never more`);
  return 0;
}

function hasColour(): boolean {
  // https://no-color.org: set and not empty.
  return process.stdout.isTTY && !process.env.NO_COLOR;
}

function fail(reason: string): number {
  console.error(`demo: ${reason}`);
  return 1;
}

void main().then((status) => {
  process.exitCode = status;
});
