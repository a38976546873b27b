import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { runChaos } from './run.js';

it('a pool outlives the chaos: never a job too many, in the end all slots and nothing else', async () => {
  const said: string[] = [];
  const repository = resolve(import.meta.dirname, '../..');
  const complaints = await runChaos({ repository, seed: 1, seconds: 15, say: (line) => said.push(line) });
  expect(complaints, said.join('\n')).toEqual([]);
  // It waits for what hangs before it says so.
}, 180_000);
