import { execFileSync } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, expect, test } from 'vitest';
import { countProcessors } from '../../src/process/count-processors.js';
import { bundle } from './bundle.js';

const AFFINITY = 'the processors that this process may run on';
const CGROUP = 'the CPU quota of the cgroup';

/** Counts on a machine of 8 processors with these files. */
function count(files: Record<string, string>, env: Record<string, string> = {}) {
  return countProcessors(env, (path) => files[path], 8);
}

const V2 = '/sys/fs/cgroup';
const V1 = '/sys/fs/cgroup/cpu,cpuacct';

describe('the quota of a cgroup', () => {
  test.each<[string, Record<string, string>, number]>([
    ['no /proc/self/cgroup', {}, 8],
    ['an empty one', { '/proc/self/cgroup': '' }, 8],
    // Version 2.
    ['v2 without a cpu controller', { '/proc/self/cgroup': '0::/\n' }, 8],
    ['v2 max', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: 'max 100000\n' }, 8],
    ['v2, whole', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '300000 100000\n' }, 3],
    ['v2, one and a half', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '150000 100000\n' }, 2],
    ['v2, half', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '50000 100000\n' }, 1],
    ['v2, a hundredth', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '1000 100000\n' }, 1],
    ['v2, another period', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '100000 50000\n' }, 2],
    ['v2, more than there are', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '6400000 100000\n' }, 8],
    ['v2, in a container', { '/proc/self/cgroup': '0::/\n', [`${V2}/cpu.max`]: '200000 100000\n' }, 2],
    [
      'v2, of the one around it',
      {
        '/proc/self/cgroup': '0::/a/b/c\n',
        [`${V2}/a/b/c/cpu.max`]: 'max 100000\n',
        [`${V2}/a/b/cpu.max`]: '600000 100000\n',
        [`${V2}/a/cpu.max`]: '400000 100000\n',
      },
      4,
    ],
    [
      'v2, the least is the innermost',
      {
        '/proc/self/cgroup': '0::/a/b\n',
        [`${V2}/a/b/cpu.max`]: '200000 100000\n',
        [`${V2}/a/cpu.max`]: '400000 100000\n',
      },
      2,
    ],
    ['v2, another group', { '/proc/self/cgroup': '0::/a\n', [`${V2}/b/cpu.max`]: '100000 100000\n' }, 8],
    // containerd under systemd calls its groups SLICE:cri-containerd:ID.
    [
      'v2, a colon in its name',
      { '/proc/self/cgroup': '0::/a:cri:b\n', [`${V2}/a:cri:b/cpu.max`]: '200000 100000\n' },
      2,
    ],
    ['v2, nonsense', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: 'nonsense\n' }, 8],
    ['v2, zero', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '0 100000\n' }, 8],
    ['v2, an empty file', { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: '' }, 8],
    // Version 1.
    [
      'v1',
      {
        '/proc/self/cgroup': '12:pids:/x\n4:cpu,cpuacct:/a\n3:cpuset:/y\n',
        [`${V1}/a/cpu.cfs_quota_us`]: '250000\n',
        [`${V1}/a/cpu.cfs_period_us`]: '100000\n',
      },
      3,
    ],
    [
      'v1 without a limit',
      {
        '/proc/self/cgroup': '4:cpu,cpuacct:/a\n',
        [`${V1}/a/cpu.cfs_quota_us`]: '-1\n',
        [`${V1}/a/cpu.cfs_period_us`]: '100000\n',
      },
      8,
    ],
    [
      'v1 in a container, which sees the path of the host',
      {
        '/proc/self/cgroup': '4:cpu,cpuacct:/docker/0123\n',
        [`${V1}/cpu.cfs_quota_us`]: '50000\n',
        [`${V1}/cpu.cfs_period_us`]: '100000\n',
      },
      1,
    ],
    [
      'v1, the other way round',
      {
        '/proc/self/cgroup': '4:cpuacct,cpu:/a\n',
        '/sys/fs/cgroup/cpuacct,cpu/a/cpu.cfs_quota_us': '200000\n',
        '/sys/fs/cgroup/cpuacct,cpu/a/cpu.cfs_period_us': '100000\n',
      },
      2,
    ],
    [
      'v1 and v2 side by side',
      {
        '/proc/self/cgroup': '4:cpu:/a\n0::/b\n',
        '/sys/fs/cgroup/cpu/a/cpu.cfs_quota_us': '400000\n',
        '/sys/fs/cgroup/cpu/a/cpu.cfs_period_us': '100000\n',
        [`${V2}/b/cpu.max`]: 'max 100000\n',
      },
      4,
    ],
    [
      'v1, only the sets of processors',
      {
        '/proc/self/cgroup': '4:cpuset:/a\n',
        '/sys/fs/cgroup/cpuset/a/cpu.cfs_quota_us': '100000\n',
        '/sys/fs/cgroup/cpuset/a/cpu.cfs_period_us': '100000\n',
      },
      8,
    ],
  ])('%s', (_, files, jobs) => expect(count(files)).toEqual({ count: jobs, reason: jobs < 8 ? CGROUP : AFFINITY }));
});

describe('a batch system', () => {
  test.each<[Record<string, string>, number, string]>([
    [{}, 8, AFFINITY],
    [{ SLURM_CPUS_PER_TASK: '3' }, 3, 'SLURM_CPUS_PER_TASK'],
    [{ SLURM_CPUS_ON_NODE: '4' }, 4, 'SLURM_CPUS_ON_NODE'],
    [{ SLURM_CPUS_PER_TASK: '3', SLURM_CPUS_ON_NODE: '2' }, 3, 'SLURM_CPUS_PER_TASK'],
    [{ PBS_NCPUS: '2' }, 2, 'PBS_NCPUS'],
    [{ NCPUS: '2' }, 2, 'NCPUS'],
    [{ LSB_DJOB_NUMPROC: '5' }, 5, 'LSB_DJOB_NUMPROC'],
    [{ NSLOTS: '1' }, 1, 'NSLOTS'],
    [{ NSLOTS: '64' }, 8, AFFINITY],
    [{ NSLOTS: '8' }, 8, AFFINITY],
    [{ NSLOTS: '0' }, 8, AFFINITY],
    [{ NSLOTS: '-2' }, 8, AFFINITY],
    [{ NSLOTS: '' }, 8, AFFINITY],
    [{ NSLOTS: '2.5' }, 8, AFFINITY],
    [{ NSLOTS: 'undefined' }, 8, AFFINITY],
    [{ SLURM_CPUS_ON_NODE: '4(x2)', NSLOTS: '6' }, 6, 'NSLOTS'],
    [{ OMP_NUM_THREADS: '1', MAX_JOBS: '1' }, 8, AFFINITY],
  ])('%o', (env, jobs, reason) => expect(count({}, env)).toEqual({ count: jobs, reason }));
});

test.each([
  ['6', '400000 100000', 4, CGROUP],
  ['2', '400000 100000', 2, 'NSLOTS'],
  ['9', 'max 100000', 8, AFFINITY],
])('of NSLOTS=%s, cpu.max %s and 8 processors the least counts', (slots, quota, jobs, reason) => {
  const files = { '/proc/self/cgroup': '0::/a\n', [`${V2}/a/cpu.max`]: quota };
  expect(count(files, { NSLOTS: slots })).toEqual({ count: jobs, reason });
});

describe('this machine', () => {
  test('has at least one, and not more than Node counts', () => {
    const { count: jobs } = countProcessors({});
    expect(jobs).toBeGreaterThanOrEqual(1);
    expect(jobs).toBeLessThanOrEqual(availableParallelism());
    expect(Number.isInteger(jobs)).toBe(true);
  });

  test('has one for a process that may run on one', () => {
    const program = bundle(
      "import { countProcessors } from './process/count-processors.js'; console.log(countProcessors({}).count);",
    );
    expect(execFileSync('taskset', ['-c', '0', process.execPath, program], { encoding: 'utf8' })).toBe('1\n');
  });
});
