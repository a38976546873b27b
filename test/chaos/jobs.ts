import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage } from './stage.js';

/** What the jobs wrote down (test/chaos/job). */
export interface Jobs {
  started: number;
  /** Those that were not killed. */
  ended: number;
  /** The most slots that were in use at the same time. */
  peak: number;
  /** What a job saw that was one too many. */
  over: string[];
}

export function readJobs({ dir }: Pick<Stage, 'dir'>): Jobs {
  const jobs: Jobs = { started: 0, ended: 0, peak: 0, over: [] };
  for (const block of readFileSync(join(dir, 'jobs'), 'utf8').split(/\n(?!\t)/)) {
    const [event, , , seats = ''] = block.split('\n', 1)[0]?.split('\t') ?? [];
    if (event === 'over') jobs.over.push(block);
    if (event === 'end') jobs.ended++;
    if (event === 'start') {
      jobs.started++;
      jobs.peak = Math.max(jobs.peak, ...seats.split(' ').map((seat) => Number(seat) + 1));
    }
  }
  return jobs;
}
