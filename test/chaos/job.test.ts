import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { start } from '../process/start.js';
import { readJobs } from './jobs.js';

it('a job beyond the limit says so; the seats of one that was killed are free', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'js-job-'));
  onTestFinished(() => rmSync(dir, { recursive: true }));
  const log = join(dir, 'jobs');
  writeFileSync(log, '');
  const env = { ...process.env, CHAOS_SEATS: dir, CHAOS_LIMIT: '3', CHAOS_LOG: log, XDG_RUNTIME_DIR: dir };
  const begin = async (seats: number) => {
    const before = readJobs({ dir }).started;
    const job = start(join(import.meta.dirname, 'job'), ['1000', String(seats)], { env });
    await expect.poll(() => readJobs({ dir }).started, { timeout: 10_000, interval: 10 }).toBe(before + 1);
    return job;
  };
  const two = await begin(2);
  await begin(1);
  expect(readJobs({ dir })).toEqual({ started: 2, ended: 0, peak: 3, over: [] });
  two.kill('SIGKILL');
  await once(two, 'exit');
  await begin(1);
  await begin(1);
  expect(readJobs({ dir }).over).toEqual([]);
  const tooMany = await begin(1);
  const { over, peak } = readJobs({ dir });
  expect({ peak, over }).toEqual({ peak: 4, over: [expect.stringContaining(`seat 3: pid ${tooMany.pid},`)] });
  expect(readFileSync(log, 'utf8')).not.toContain('end');
});
