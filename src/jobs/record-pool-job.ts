import type { Pool } from '../pool/pool.js';
import { recordPoolJob } from '../pool/pool-record.js';
import { readProcess } from '../process/process-table.js';

/** Writes down what runs in a pool that is its own: while it does the pool stays, also if this process is killed. */
export function tryRecordPoolJob({ folder }: Pool, pid: number): void {
  try {
    const job = readProcess(pid);
    if (job !== undefined) recordPoolJob(folder, job.id);
  } catch {
    // On a full disk: the pool ends with this process.
  }
}
