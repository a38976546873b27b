import type { Env } from '../environment.js';
import { listCgroups, type ReadSystemFile, readBelow } from './cgroups.js';

/** Variables in which batch systems give the number of processors of this job. */
const ALLOCATIONS = [
  'SLURM_CPUS_PER_TASK',
  'SLURM_CPUS_ON_NODE',
  'PBS_NCPUS',
  'NCPUS',
  'LSB_DJOB_NUMPROC',
  'NSLOTS',
] as const;

/**
 * Counts the processors that this process may really use.
 * @param read reads a file of the system, or returns undefined
 * @returns the least of what the scheduler, the cgroup and a batch system grant, and which of them it was
 */
export function countProcessors(
  env: Env,
  read: ReadSystemFile = readBelow(''),
  available: number = process.getBuiltinModule('node:os').availableParallelism(),
): { count: number; reason: string } {
  const limits = [{ count: available, reason: 'the processors that this process may run on' }];
  const quota = readQuota(read);
  // Half a processor is still one job; one and a half keep two jobs busy.
  if (quota !== undefined) limits.push({ count: Math.max(1, Math.ceil(quota)), reason: 'the CPU quota of the cgroup' });
  const variable = ALLOCATIONS.find((name) => /^[1-9]\d{0,5}$/.test(env[name] ?? ''));
  if (variable !== undefined) limits.push({ count: Number(env[variable]), reason: variable });
  return limits.reduce((least, limit) => (limit.count < least.count ? limit : least));
}

/** Reads how many processors the cgroup (v2, else v1) and those around it grant; undefined if there is no limit. */
function readQuota(read: ReadSystemFile): number | undefined {
  const quotas = listCgroups('cpu', read).map(({ folder, version }) => {
    if (version === 1) return Number(read(`${folder}/cpu.cfs_quota_us`)) / Number(read(`${folder}/cpu.cfs_period_us`));
    const [quota, period] = (read(`${folder}/cpu.max`) ?? '').trim().split(' ').map(Number);
    return Number(quota) / Number(period);
  });
  const limits = quotas.filter((quota) => quota > 0 && Number.isFinite(quota));
  return limits.length > 0 ? Math.min(...limits) : undefined;
}
