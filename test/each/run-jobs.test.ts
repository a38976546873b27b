import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { beforeEach, expect, test, vi } from 'vitest';
import { openOutputFiles } from '../../src/each/output-files.js';
import type { Plan } from '../../src/each/plan.js';
import { runJobs } from '../../src/each/run-jobs.js';
import type { SignalWatch } from '../../src/process/forward-signals.js';

const printed = vi.hoisted((): string[] => []);
vi.mock('../../src/each/write-all.js', () => ({
  OutputClosed: class extends Error {},
  writeAll: async (_: number, bytes: Uint8Array) => {
    printed.push(Buffer.from(bytes).toString());
  },
}));

beforeEach(() => {
  printed.length = 0;
});

/** Makes the plan of so many jobs, each of which prints its number. */
function planOf(count: number, plan: Partial<Plan>): Plan {
  const common: Partial<Plan> = {
    jobs: (async function* () {
      for (let number = 1; number <= count; number++) yield { number, items: [String(number)] };
    })(),
    total: count,
    most: count,
    slots: undefined,
    interrupt: { signal: undefined, onSignal: undefined },
    signals: { interrupt: { signal: undefined, onSignal: undefined } } as SignalWatch,
    openFiles: () => openOutputFiles(tmpdir()),
    start: start(),
    print: { keepOrder: true, byLine: false },
    tagOf: () => '',
    onEnd: () => {},
    tries: 1,
    timeoutMs: undefined,
    halt: undefined,
    onProgress: () => {},
  };
  return { ...common, ...plan } as Plan;
}

/** Makes what starts a job that ends at once. @param cleanUp what is left to do then */
const start =
  (before: (number: number) => unknown = () => {}, cleanUp = async () => {}): Plan['start'] =>
  async ({ number }, _, files) => {
    await before(number);
    writeSync(files?.stdout ?? -1, String(number));
    return { words: [], running: { pid: 0, kill: () => {}, ended: Promise.resolve(0) }, cleanUp };
  };

test('the order of the output is that of the items, even if the first job is started last', async () => {
  let startFirst = () => {};
  const isStartable = new Promise<void>((resolve) => {
    startFirst = resolve;
  });
  const plan = planOf(3, {
    start: start((number) => number === 1 && isStartable),
    // After the others have ended.
    onEnd: ({ spec }) => spec.number === 3 && setImmediate(startFirst),
  });
  expect(await runJobs(plan)).toMatchObject({ done: 3, failed: 0, stop: undefined });
  expect(printed).toEqual(['1', '2', '3']);
});

test('the output of a job is printed, even if its slots come back after all others', async () => {
  let isFirst = true;
  const plan = planOf(2, {
    start: start(undefined, async () => {
      if (isFirst) isFirst = false;
      else await delay(20);
    }),
  });
  expect(await runJobs(plan)).toMatchObject({ done: 2, failed: 0, stop: undefined });
  expect(printed).toEqual(['1', '2']);
});
