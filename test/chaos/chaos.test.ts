import { resolve } from 'node:path';
import { expect, it } from 'vitest';
import { CASTS } from './casts.js';
import { runChaos } from './run.js';

const isRoot = process.getuid?.() === 0;

it.each(CASTS.filter(({ user }) => user === undefined || isRoot))(
  'a pool survives the chaos: never a job too many, and in the end exactly all slots ($name)',
  async (cast) => {
    const said: string[] = [];
    const repository = resolve(import.meta.dirname, '../..');
    const complaints = await runChaos({ repository, cast, seed: 1, seconds: 10, say: (line) => said.push(line) });
    expect(complaints, said.join('\n')).toEqual([]);
  },
  // It waits for what hangs before it says so.
  180_000,
);
