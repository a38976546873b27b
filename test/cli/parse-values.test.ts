import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  parseChoice,
  parseCount,
  parseDuration,
  parseMode,
  parseProcess,
  parseSize,
} from '../../src/cli/parse-values.js';

const usage = (message: string) => expect.objectContaining({ name: 'JobserverError', kind: 'usage', message });

describe('parseDuration', () => {
  test.each([
    ['30', 30_000],
    ['0', 0],
    ['90s', 90_000],
    ['1.5', 1500],
    ['1.5s', 1500],
    ['0.25s', 250],
    ['500ms', 500],
    ['0.5ms', 1],
    ['5m', 300_000],
    ['0.5m', 30_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    ['1h30m', 5_400_000],
    ['1d3.5h16.6m4s', 100_000_000],
    ['1m500ms', 60_500],
    ['007', 7000],
    ['123456789', 123_456_789_000],
  ])('%o is %i ms', (text, milliseconds) => expect(parseDuration('--timeout', text)).toBe(milliseconds));

  test.each([
    '',
    's',
    '-1',
    '+1',
    '.5',
    '1.',
    '1.s',
    '1,5',
    '1e3',
    '0x10',
    '1 s',
    ' 1',
    '1\n',
    '1w',
    '1S',
    '1M',
    '1m30',
    '1h 30m',
    '1hm',
    '1.2.3',
    'Infinity',
    'NaN',
    '٣',
    '1toString',
    'constructor',
  ])('%o is none', (text) =>
    expect(() => parseDuration('--timeout', text)).toThrow(
      usage(`--timeout: '${text}' is not a duration such as 30, 90s or 1h30m`),
    ),
  );
});

describe('parseCount', () => {
  test.each([
    ['1', 1],
    ['4096', 4096],
    ['04', 4],
    ['000000001', 1],
  ])('%o is %i', (text, count) => expect(parseCount('-n', text, 4096)).toBe(count));

  test.each(['', '0', '00', '-1', '+1', '1.5', '1e3', '0x10', ' 4', '4 ', '4\n', '4x', 'all', 'NaN', '٣', '1_000'])(
    '%o is none',
    (text) => expect(() => parseCount('-n', text, 4096)).toThrow(usage(`-n: '${text}' is not a positive integer`)),
  );

  test.each(['4097', '999999999'])('%o is too many', (text) =>
    expect(() => parseCount('-n', text, 4096)).toThrow(usage(`-n: '${text}' is more than the maximum of 4096`)),
  );

  test('has its most from the caller', () => {
    expect(parseCount('-n', '2', 2)).toBe(2);
    expect(() => parseCount('-n', '3', 2)).toThrow(usage("-n: '3' is more than the maximum of 2"));
  });
});

describe('parseMode', () => {
  test.each([
    ['0600', 0o600],
    ['600', 0o600],
    ['0666', 0o666],
    ['777', 0o777],
    ['000', 0],
  ])('%o is %i', (text, mode) => expect(parseMode('--mode', text)).toBe(mode));

  test.each(['', '6', '60', '0o600', '00600', '1777', '0800', '608', '-600', ' 600', '600\n', 'u=rw', '384x'])(
    '%o is none',
    (text) =>
      expect(() => parseMode('--mode', text)).toThrow(usage(`--mode: '${text}' is not an octal mode such as 0600`)),
  );
});

describe('parseChoice', () => {
  const choices = ['auto', 'fifo', 'pipe'] as const;

  test.each(choices)('%o is one', (text) => expect(parseChoice('--auth', text, choices)).toBe(text));

  test.each(['', 'Auto', 'fif', 'fifo ', 'none', 'length', '0'])('%o is none', (text) =>
    expect(() => parseChoice('--auth', text, choices)).toThrow(
      usage(`--auth: invalid value '${text}' (expected one of auto, fifo, pipe)`),
    ),
  );
});

describe('parseProcess', () => {
  const refusal = (text: string) => usage(`--owner: '${text}' is not the pid of a running process`);

  test('names the process that runs', () => {
    const { ppid } = process;
    const start = /\) (?:\S+ ){19}(\d+)/.exec(readFileSync(`/proc/${ppid}/stat`, 'utf8'))?.[1];
    expect(parseProcess('--owner', String(ppid))).toBe(`${ppid}.${start}`);
  });

  test('refuses one that has ended', () => {
    const { pid } = spawnSync('true');
    expect(() => parseProcess('--owner', String(pid))).toThrow(refusal(String(pid)));
  });

  test.each(['', '0', '-1', '01', '1.5', '+1', ' 1', '1\n', '0x1', 'self', '99999999999', '4294967297', '../1'])(
    '%o is none',
    (text) => expect(() => parseProcess('--owner', text)).toThrow(refusal(text)),
  );
});

describe('parseSize', () => {
  const parse = (text: string) => parseSize('--memory', text, () => 8 * 1024 ** 3);

  test.each([
    ['1K', 1024],
    ['512M', 512 * 1024 ** 2],
    ['4G', 4 * 1024 ** 3],
    ['4g', 4 * 1024 ** 3],
    ['4GB', 4 * 1024 ** 3],
    ['4GiB', 4 * 1024 ** 3],
    ['1.5G', 1.5 * 1024 ** 3],
    ['0.0001K', 1],
    ['2T', 2 * 1024 ** 4],
    ['50%', 4 * 1024 ** 3],
    ['12.5%', 1024 ** 3],
    ['100%', 8 * 1024 ** 3],
  ])('%o is %i bytes', (text, bytes) => expect(parse(text)).toBe(bytes));

  test.each(['', '4', '0M', '0%', '101%', '-1G', '4 G', '4Gi', '4GG', '4P', 'G', '.5G', '1e3M', '4G\n', '1234567890K'])(
    '%o is no size',
    (text) => expect(() => parse(text)).toThrow(usage(`--memory: '${text}' is not a size such as 512M, 4G or 50%`)),
  );
});
