import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type Memory, readMemory } from '../../src/process/free-memory.js';

const M = 1024 * 1024;
const V1 = '/sys/fs/cgroup/memory';
const V2 = '/sys/fs/cgroup';
const NO_LIMIT_V1 = '9223372036854771712\n';

/** Reads on a machine with 8000 MiB, of which 6000 are free, and with these files. */
function read(files: Record<string, string>): Memory {
  const root = mkdtempSync(join(tmpdir(), 'memory-'));
  onTestFinished(() => rmSync(root, { recursive: true }));
  const machine = `MemTotal:       ${8000 * 1024} kB\nMemFree:         100 kB\nMemAvailable:   ${6000 * 1024} kB\n`;
  for (const [path, text] of Object.entries({ '/proc/meminfo': machine, ...files })) {
    mkdirSync(dirname(root + path), { recursive: true });
    writeFileSync(root + path, text);
  }
  return readMemory(root);
}

/** The files of a group of version 2. @param stat inactive_file, in MiB */
const v2 = (group: string, max: string, used: number, stat = 0): Record<string, string> => ({
  [`${V2}${group}/memory.max`]: `${max}\n`,
  [`${V2}${group}/memory.current`]: `${used * M}\n`,
  [`${V2}${group}/memory.stat`]: `anon 5\ninactive_anon ${900 * M}\ninactive_file ${stat * M}\nactive_file 7\n`,
});

const v1 = (group: string, limit: string, used: number, stat = 0): Record<string, string> => ({
  [`${V1}${group}/memory.limit_in_bytes`]: limit,
  [`${V1}${group}/memory.usage_in_bytes`]: `${used * M}\n`,
  [`${V1}${group}/memory.stat`]: `inactive_file 1\ntotal_inactive_anon 3\ntotal_inactive_file ${stat * M}\n`,
});

const mib = (free: number, total: number): Memory => ({ freeBytes: free * M, totalBytes: total * M });

const IN_V2 = { '/proc/self/cgroup': '0::/a/b\n' };
const IN_V1 = { '/proc/self/cgroup': '5:cpu:/x\n4:memory:/a\n0::/\n' };

test.each<[string, Record<string, string>, Memory]>([
  ['no cgroup', {}, mib(6000, 8000)],
  ['v2 without a memory controller', IN_V2, mib(6000, 8000)],
  ['v2 without a limit', { ...IN_V2, ...v2('/a/b', 'max', 100) }, mib(6000, 8000)],
  ['v2', { ...IN_V2, ...v2('/a/b', `${1000 * M}`, 300) }, mib(700, 1000)],
  ['v2, with files that can be dropped', { ...IN_V2, ...v2('/a/b', `${1000 * M}`, 300, 250) }, mib(950, 1000)],
  ['v2, nothing but such files', { ...IN_V2, ...v2('/a/b', `${1000 * M}`, 300, 400) }, mib(1000, 1000)],
  ['v2, full', { ...IN_V2, ...v2('/a/b', `${1000 * M}`, 1001) }, mib(0, 1000)],
  ['v2, of the one around it', { ...IN_V2, ...v2('/a/b', 'max', 3), ...v2('/a', `${500 * M}`, 200) }, mib(300, 500)],
  [
    'v2, the fuller one is not the smaller one',
    { ...IN_V2, ...v2('/a/b', `${400 * M}`, 50), ...v2('/a', `${500 * M}`, 480) },
    mib(20, 400),
  ],
  ['v2, in a container', { '/proc/self/cgroup': '0::/\n', ...v2('', `${500 * M}`, 200) }, mib(300, 500)],
  ['v2, more than there is', { ...IN_V2, ...v2('/a/b', `${9000 * M}`, 100) }, mib(6000, 8000)],
  [
    'v2, memory.high below memory.max',
    { ...IN_V2, ...v2('/a/b', `${1000 * M}`, 100), [`${V2}/a/b/memory.high`]: `${800 * M}\n` },
    mib(700, 800),
  ],
  [
    'v2, memory.high alone',
    { ...IN_V2, ...v2('/a/b', 'max', 100), [`${V2}/a/b/memory.high`]: `${800 * M}\n` },
    mib(700, 800),
  ],
  ['v2, nothing granted', { ...IN_V2, ...v2('/a/b', '0', 1) }, mib(0, 0)],
  ['v2, nonsense', { ...IN_V2, ...v2('/a/b', 'nonsense', 1) }, mib(6000, 8000)],
  ['v2, no usage', { ...IN_V2, [`${V2}/a/b/memory.max`]: '1000\n' }, mib(6000, 8000)],
  ['v2, no statistics', { ...IN_V2, ...v2('/a/b', `${1000 * M}`, 300), [`${V2}/a/b/memory.stat`]: '' }, mib(700, 1000)],
  ['v1', { ...IN_V1, ...v1('/a', `${1000 * M}\n`, 300, 100) }, mib(800, 1000)],
  ['v1 without a limit', { ...IN_V1, ...v1('/a', NO_LIMIT_V1, 300), ...v1('', NO_LIMIT_V1, 7000) }, mib(6000, 8000)],
  ['v1, of the one around it', { ...IN_V1, ...v1('/a', NO_LIMIT_V1, 3), ...v1('', `${9 * M}\n`, 3) }, mib(6, 9)],
  [
    'v1, seen from a container',
    { '/proc/self/cgroup': '4:memory:/docker/1\n', ...v1('', `${90 * M}\n`, 30) },
    mib(60, 90),
  ],
])('free and total memory: %s', (_, files, expected) => expect(read(files)).toEqual(expected));

test('a /proc/meminfo that does not say it is an error', () =>
  expect(() => read({ '/proc/meminfo': 'MemTotal: 5 kB\n' })).toThrow(
    "cannot find out how much memory is free: '/proc/meminfo' does not say it",
  ));

test('this machine says how much it has', () => {
  const { freeBytes, totalBytes } = readMemory();
  expect(totalBytes).toBeGreaterThan(100 * M);
  expect(freeBytes).toBeGreaterThan(0);
  expect(freeBytes).toBeLessThanOrEqual(totalBytes);
});
