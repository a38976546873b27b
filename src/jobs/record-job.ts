import type { Pool } from '../pool/pool.js';
import { recordPoolJob } from '../pool/pool-record.js';
import { type ProcessId, readProcess } from '../process/process-table.js';
import { type Claim, recordJob } from '../slots/claim.js';

/**
 * Records the process that runs in a claim's slots: they stay taken as long as it runs, even if this process is killed. On a full
 * disk the variable that names the claim still identifies it.
 */
export const tryRecordJob = (claim: Claim, pid: number): void => tryRecord(pid, (job) => recordJob(claim, job));

/**
 * Records the process that a pool was made for: the pool stays as long as it runs, even if this process is killed. On a full disk
 * the pool ends with this process.
 */
export const tryRecordPoolJob = ({ folder }: Pool, pid: number): void =>
  tryRecord(pid, (job) => recordPoolJob(folder, job));

function tryRecord(pid: number, record: (job: ProcessId) => void): void {
  try {
    const job = readProcess(pid);
    if (job !== undefined) record(job.id);
  } catch {
    // The job runs all the same.
  }
}
