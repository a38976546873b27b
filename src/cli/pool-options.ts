import { MOST_JOBS } from '../pool/limits.js';
import type { Arguments } from './arguments.js';
import type { OptionSpec } from './command.js';
import { parseChoice, parseCount, parseDuration } from './values.js';

const AUTH_CHOICES = ['auto', 'fifo', 'pipe'] as const;

/** How a pool is advertised: `auto` asks the make that would run. */
export type AuthChoice = (typeof AUTH_CHOICES)[number];

export const AUTH_OPTION: OptionSpec = {
  name: 'auth',
  value: 'KIND',
  choices: AUTH_CHOICES,
  help: 'advertise the FIFO path, or an inherited pair for make below 4.4; auto asks the make on PATH',
};

/** @throws JobserverError 'usage' */
export function parseAuthChoice(args: Arguments): AuthChoice {
  return parseChoice('--auth', args.value('auth') ?? 'auto', AUTH_CHOICES);
}

/** Of the commands that take slots. */
export const WAIT_OPTIONS: readonly OptionSpec[] = [
  { name: 'slots', short: 'n', value: 'N', help: 'how many slots to take, all or none (default 1)' },
  { name: 'timeout', value: 'TIME', help: 'give up with exit status 75 after TIME (30, 90s, 5m)' },
  { name: 'no-wait', help: 'give up at once with exit status 75 if no slot is free' },
];

/** @throws JobserverError 'usage' */
export function parseSlots(args: Arguments): number {
  return parseCount('-n', args.value('slots') ?? '1', MOST_JOBS);
}

/**
 * @returns milliseconds; 0 for no wait, undefined for ever
 * @throws JobserverError 'usage'
 */
export function parseTimeout(args: Arguments): number | undefined {
  const text = args.value('timeout');
  const timeout = text === undefined ? undefined : parseDuration('--timeout', text);
  return args.has('no-wait') ? 0 : timeout;
}
