import type { Pool } from '../pool/pool.js';
import { recordPoolJob } from '../pool/pool-record.js';
import { readProcess } from '../process/process-table.js';
import { type Claim, recordJob } from '../slots/claim.js';

/** Records the process that runs in a claim's slots: they stay taken as long as it runs, even if this process is killed. */
export function tryRecordJob(claim: Claim, pid: number): void {
  try {
    const job = readProcess(pid);
    if (job !== undefined) recordJob(claim, job.id);
  } catch {
    // The disk is full. The job runs, and the variable that names the claim still identifies it.
  }
}

/** Records the process that a pool was made for: the pool stays as long as it runs, even if this process is killed. */
export function tryRecordPoolJob({ folder }: Pool, pid: number): void {
  try {
    const job = readProcess(pid);
    if (job !== undefined) recordPoolJob(folder, job.id);
  } catch {
    // The disk is full. The pool ends with this process.
  }
}
