import { JobserverError } from '../errors.js';
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
