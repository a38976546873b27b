/**
 * npm run demo: cargo, three pip wheels, go and a recursive make side by side in one pool of four slots, and a picture of
 * what ran when. Exit status 0 when everything was built, never more than four jobs ran, four did, and nothing of the
 * pool is left.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { drawLanes } from '../spans/draw.js';
import { parseSpans, peak, reachedFor, type Span } from '../spans/spans.js';
import { runBuild } from './build.js';
import { failedLogs, tailOf } from './logs.js';
import { findParts, type Part } from './parts.js';
import { makeWorkspace } from './workspace.js';

const SLOTS = 4;
// The same from test/demo/ and, bundled, from dist/test/.
const REPOSITORY = resolve(__dirname, '../..');
const WORK = join(REPOSITORY, 'test/demo/work');

async function main(): Promise<number> {
  makeWorkspace(WORK, REPOSITORY);
  const found = findParts(WORK);
  for (const line of found.missing) console.log(line);
  if (found.parts.length === 0) return fail('nothing to build');
  console.log(
    `building ${found.parts.map(({ name }) => name).join(', ')} in a pool of ${SLOTS}; logs in test/demo/work`,
  );
  const { status, left } = await runBuild(WORK, SLOTS, found);
  const spansFile = join(WORK, 'spans');
  const spans = existsSync(spansFile) ? parseSpans(readFileSync(spansFile, 'utf8')) : [];
  console.log(drawLanes(spans, process.stdout.columns || 80, { slots: SLOTS, colour: hasColour() }));
  if (status > 128) {
    console.error('demo: interrupted');
    return status;
  }
  if (status !== 0) {
    for (const log of failedLogs(WORK)) console.error(tailOf(log));
    return fail(`the build ended with status ${status}`);
  }
  if (left.length > 0) return fail(`js-create left behind ${left.join(', ')}`);
  return judge(spans, found.parts);
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
