import { JobserverError } from '../errors.js';
import { type Cgroup, listCgroups, type ReadSystemFile, readBelow } from './cgroups.js';

/** How much memory this process and all that share its limits can use. */
export interface Memory {
  /** What could be used now without swapping. */
  freeBytes: number;
  /** What could be used if nothing else ran. */
  totalBytes: number;
}

/**
 * Reads how much memory the machine and the cgroups (v1 and v2) around this process grant. A cgroup's pages of files that were not
 * used lately count as free: the kernel drops them when the limit is reached.
 * @param root the folder that stands for `/`
 * @throws JobserverError 'failed' if /proc/meminfo does not say it
 */
export function readMemory(root = ''): Memory {
  const read = readBelow(root);
  const machine = read('/proc/meminfo') ?? '';
  const [free, total] = [kilobytesIn(machine, 'MemAvailable'), kilobytesIn(machine, 'MemTotal')];
  if (free === undefined || total === undefined)
    throw new JobserverError('failed', `cannot find out how much memory is free: '/proc/meminfo' does not say it`);
  const limits = listCgroups('memory', read).flatMap((group) => readLimit(group, read) ?? []);
  return {
    freeBytes: Math.max(0, Math.min(free, ...limits.map(({ freeBytes }) => freeBytes))),
    totalBytes: Math.min(total, ...limits.map(({ totalBytes }) => totalBytes)),
  };
}

/** Returns a value of `/proc/meminfo` or `/proc/PID/status` in bytes; undefined if it is not there. */
export function kilobytesIn(text: string, name: string): number | undefined {
  const [, kilobytes] = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text) ?? [];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}

/** Reads the limit of a cgroup, and how much is free below it; undefined if it has none. */
function readLimit({ folder, version }: Cgroup, read: ReadSystemFile): Memory | undefined {
  const number = (name: string) => Number.parseInt(read(`${folder}/${name}`) ?? '', 10);
  // Above memory.high nothing is killed, but all that runs is slowed down until it hardly moves.
  const limits = version === 1 ? ['memory.limit_in_bytes'] : ['memory.max', 'memory.high'];
  const used = number(version === 1 ? 'memory.usage_in_bytes' : 'memory.current');
  const totalBytes = Math.min(...limits.map(number).filter((limit) => limit >= 0));
  if (!Number.isFinite(totalBytes) || Number.isNaN(used)) return undefined;
  // In v1 the values without total_ are those of the group without the groups in it.
  const dropped = new RegExp(`^${version === 1 ? 'total_' : ''}inactive_file (\\d+)$`, 'm');
  const [, droppable = '0'] = dropped.exec(read(`${folder}/memory.stat`) ?? '') ?? [];
  return { totalBytes, freeBytes: totalBytes - Math.max(0, used - Number(droppable)) };
}

/** Formats an amount of memory for a person: `512M`, `1.5G`. */
export function formatBytes(bytes: number): string {
  const gigabytes = bytes / 1024 ** 3;
  return gigabytes >= 1 ? `${Number(gigabytes.toFixed(1))}G` : `${Math.floor(bytes / 1024 ** 2)}M`;
}
