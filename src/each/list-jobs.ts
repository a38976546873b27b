import type { JobSpec } from './job-end.js';

/**
 * Numbers the jobs, and leaves out those that need not run again.
 * @param batches the items of each job
 * @param isDone whether the job of that number was run before
 */
export async function* listJobs(
  batches: AsyncIterable<string[]>,
  isDone: (number: number) => boolean,
): AsyncGenerator<JobSpec> {
  let number = 0;
  for await (const items of batches) {
    number++;
    if (!isDone(number)) yield { number, items };
  }
}
