import { quote } from 'shell-quote';
import { describe, expect, test } from 'vitest';
import { formatLogEntry, LOG_HEADER, type LogEntry, parseLog } from '../../src/each/job-log.js';

const ENTRY: LogEntry = {
  number: 3,
  startedMs: 1795582472969,
  seconds: 0.0351,
  bytes: 12,
  end: 0,
  timedOut: false,
  words: ['echo', 'a'],
};

describe('a line of the log', () => {
  test.each([
    [{}, '3 : 1795582472.969      0.035 0 12 0 0 echo a'],
    [{ end: 7 }, '3 : 1795582472.969      0.035 0 12 7 0 echo a'],
    [{ end: { signal: 'SIGKILL' } }, '3 : 1795582472.969      0.035 0 12 0 9 echo a'],
    [{ end: { signal: 'SIGTERM' }, timedOut: true }, '3 : 1795582472.969      0.035 0 12 -1 15 echo a'],
    [{ seconds: 123456.7891 }, '3 : 1795582472.969 123456.789 0 12 0 0 echo a'],
    [{ startedMs: 1795582472000 }, '3 : 1795582472.000      0.035 0 12 0 0 echo a'],
    [{ words: ["it's", '', 'a b', '$x'] }, `3 : 1795582472.969      0.035 0 12 0 0 "it's" '' 'a b' \\$x`],
    [{ words: ['a\nb', '\n'] }, "3 : 1795582472.969      0.035 0 12 0 0 'a\0b' '\0'"],
  ] as [Partial<LogEntry>, string][])('%j', (change, line) =>
    expect(formatLogEntry({ ...ENTRY, ...change }, quote).replace(/\t/g, ' ')).toBe(`${line}\n`),
  );

  test('has as many fields as the header', () =>
    expect(formatLogEntry(ENTRY, quote).split('\t')).toHaveLength(LOG_HEADER.split('\t').length));
});

describe('parseLog', () => {
  const line = (number: number, status: number, signal = 0, command = 'true') =>
    `${number}\t:\t1795582472.969\t     0.000\t0\t2\t${status}\t${signal}\t${command}\n`;

  test.each([
    ['', [], []],
    [LOG_HEADER, [], []],
    [`${LOG_HEADER}${line(1, 0)}${line(3, 0)}`, [1, 3], [1, 3]],
    // The last one of a job counts.
    [line(1, 1) + line(2, 0) + line(1, 0), [1, 2], [1, 2]],
    [line(1, 0) + line(1, 5), [1], []],
    [line(1, 0, 9) + line(2, -1, 15), [1, 2], []],
    [line(1, 0, 0, 'a\tb\0c'), [1], [1]],
    // A line that is cut off, what is left of one, and what is none.
    [line(1, 0) + line(2, 0).slice(0, -1), [1], [1]],
    [`${line(1, 0)}2\t:\t17\n${line(3, 0)}`, [1, 3], [1, 3]],
    [`junk\n\n-1\t:\t1\t1\t0\t0\t0\t0\tx\n${line(4, 0)}`, [4], [4]],
  ])('%j', (text, all, succeeded) => {
    expect([...parseLog(text, false)].sort()).toEqual(all);
    expect([...parseLog(text, true)].sort()).toEqual(succeeded);
  });

  test('reads what is written', () => {
    const words = ['a\tb', '\n1\t:\t1\t1\t0\t0\t0\t0\tx\n'];
    expect([...parseLog(formatLogEntry({ ...ENTRY, words }, quote), true)]).toEqual([3]);
  });
});
