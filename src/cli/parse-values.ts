import { JobserverError } from '../errors.js';
import { readMemory } from '../process/free-memory.js';
import { type ProcessId, readProcess } from '../process/process-table.js';

const UNITS: Readonly<Record<string, number>> = { '': 1000, ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/**
 * Parses a duration.
 * @param text `30`, `1.5s`, `500ms`, `5m`, `1h30m`, `2d`; without a unit it is seconds
 * @returns milliseconds
 * @throws JobserverError 'usage'
 */
export function parseDuration(option: string, text: string): number {
  if (!/^(?:\d+(?:\.\d+)?|(?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)$/.test(text)) {
    throw new JobserverError('usage', `${option}: '${text}' is not a duration such as 30, 90s or 1h30m`);
  }
  const parts = [...text.matchAll(/([\d.]+)([a-z]*)/g)];
  return Math.round(parts.reduce((sum, [, number, unit = '']) => sum + Number(number) * (UNITS[unit] ?? 0), 0));
}

/**
 * Parses a whole number from 1 to `most`.
 * @throws JobserverError 'usage'
 */
export function parseCount(option: string, text: string, most: number): number {
  const count = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (!(count >= 1)) throw new JobserverError('usage', `${option}: '${text}' is not a positive integer`);
  if (count > most) throw new JobserverError('usage', `${option}: '${text}' is more than the maximum of ${most}`);
  return count;
}

/**
 * Parses an amount of memory.
 * @param text `512M`, `4G`, `4GiB` or `1.5g`, in powers of 1024 whatever follows the letter; `50%` of what readTotal returns
 * @returns bytes, at least 1
 * @throws JobserverError 'usage'; 'failed' if the total cannot be read
 */
export function parseSize(option: string, text: string, readTotal = () => readMemory().totalBytes): number {
  const [, number = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)(?:([KMGT])(?:i?B)?|%)$/i.exec(text) ?? [];
  const share = unit === '' ? Number(number) / 100 : Number(number) * 1024 ** (1 + 'KMGT'.indexOf(unit.toUpperCase()));
  if (number === '' || share === 0 || (unit === '' && share > 1))
    throw new JobserverError('usage', `${option}: '${text}' is not a size such as 512M, 4G or 50%`);
  return Math.max(1, Math.floor(unit === '' ? share * readTotal() : share));
}

/**
 * Parses a file's mode.
 * @param text a mode in octal, such as 0600
 * @throws JobserverError 'usage'
 */
export function parseMode(option: string, text: string): number {
  if (!/^0?[0-7]{3}$/.test(text))
    throw new JobserverError('usage', `${option}: '${text}' is not an octal mode such as 0600`);
  return Number.parseInt(text, 8);
}

/**
 * Parses one of several words.
 * @throws JobserverError 'usage'
 */
export function parseChoice<T extends string>(option: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((word) => word === text);
  if (choice === undefined)
    throw new JobserverError('usage', `${option}: invalid value '${text}' (expected one of ${choices.join(', ')})`);
  return choice;
}

/**
 * Parses the name of an environment variable that a shell can set.
 * @throws JobserverError 'usage'
 */
export function parseVariable(option: string, text: string): string {
  if (/^[A-Za-z_]\w*$/.test(text)) return text;
  throw new JobserverError('usage', `${option}: '${text}' is not the name of a variable`);
}

/**
 * Finds the process that has a pid now.
 * @param text a pid
 * @throws JobserverError 'usage'
 */
export function parseProcess(option: string, text: string): ProcessId {
  const entry = /^[1-9]\d{0,9}$/.test(text) ? readProcess(Number(text)) : undefined;
  if (entry === undefined)
    throw new JobserverError('usage', `${option}: '${text}' is not the pid of a running process`);
  return entry.id;
}
