import { once } from 'node:events';
import { expect, test } from 'vitest';
import { kilobytesIn } from '../../src/process/free-memory.js';
import { readStatus } from '../../src/process/process-table.js';
import { readTreeMemory } from '../../src/process/tree-memory.js';
import { start } from './start.js';

const M = 1024 * 1024;

test('the memory of a tree is that of a process and all below it, whichever thread started them', async () => {
  // Starts itself again, from a thread, and then takes its memory.
  const code = `
    const { Worker, isMainThread } = require('node:worker_threads');
    const { spawn } = require('node:child_process');
    const take = () => { globalThis.kept = Buffer.alloc(100 * 1024 * 1024, 1); console.log('taken'); setInterval(() => {}, 1000); };
    if (process.argv[1] === 'below') take();
    else new Worker("require('node:child_process').spawn(process.execPath, ['-e', process.argv[2], 'below', 'x'], { stdio: 'inherit' })",
      { eval: true, argv: [process.env.CODE] });
    setInterval(() => {}, 1000);`;
  const child = start(process.execPath, ['-e', code, 'above'], {
    env: { ...process.env, CODE: code },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  const own = kilobytesIn(readStatus(child.pid as number), 'RssAnon') ?? 0;
  expect(own).toBeLessThan(100 * M);
  expect(readTreeMemory(child.pid as number)).toBeGreaterThan(own + 100 * M);
});

test('a process that has ended uses none', () => expect(readTreeMemory(2 ** 30)).toBe(0));
