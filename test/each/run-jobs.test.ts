import { writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test, vi } from 'vitest';
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

test('the order of the output is that of the items, even if the first job is started last', async () => {
  let startFirst = () => {};
  const isStartable = new Promise<void>((resolve) => {
    startFirst = resolve;
  });
  const plan: Partial<Plan> = {
    jobs: (async function* () {
      for (const number of [1, 2, 3]) yield { number, items: [String(number)] };
    })(),
    total: 3,
    most: 3,
    slots: undefined,
    interrupt: { signal: undefined, onSignal: undefined },
    signals: { interrupt: { signal: undefined, onSignal: undefined } } as SignalWatch,
    openFiles: () => openOutputFiles(tmpdir()),
    start: async ({ number }, _, files) => {
      if (number === 1) await isStartable;
      writeSync(files?.stdout ?? -1, String(number));
      return { words: [], running: { pid: 0, kill: () => {}, ended: Promise.resolve(0) }, cleanUp: async () => {} };
    },
    print: { keepOrder: true, byLine: false },
    tagOf: () => '',
    // After the others have ended.
    onEnd: ({ spec }) => spec.number === 3 && setImmediate(startFirst),
    tries: 1,
    timeoutMs: undefined,
    halt: undefined,
    onProgress: () => {},
  };
  expect(await runJobs(plan as Plan)).toMatchObject({ done: 3, failed: 0, stop: undefined });
  expect(printed).toEqual(['1', '2', '3']);
});
