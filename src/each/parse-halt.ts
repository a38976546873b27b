import { JobserverError } from '../errors.js';
import type { Halt } from './halt-rule.js';

/** What is short for other rules, since before GNU parallel had these. */
const SHORT: Readonly<Record<string, string>> = {
  '0': 'never',
  '1': 'soon,fail=1',
  '2': 'now,fail=1',
  '-1': 'soon,success=1',
  '-2': 'now,success=1',
  now: 'now,fail=1',
  soon: 'soon,fail=1',
};

/**
 * Parses --halt as GNU parallel does.
 * @param text `never`, or `now` or `soon`, then `,fail=N`, `,success=N` or `,done=N`, also with a percentage; or what is short for it
 * @returns undefined to run all jobs whatever comes of them
 * @throws JobserverError 'usage'
 */
export function parseHalt(text: string): Halt | undefined {
  const long = /^\d+%$/.test(text) ? `soon,fail=${text}` : (SHORT[text] ?? text);
  if (long === 'never') return undefined;
  const [, when, what, number = '0', percent] = /^(now|soon),(fail|success|done)=(\d{1,9})(%?)$/.exec(long) ?? [];
  if (Number(number) < 1 || (percent === '%' && Number(number) > 100)) {
    throw new JobserverError('usage', `--halt: '${text}' is not a rule such as never, now,fail=1 or soon,fail=20%`);
  }
  return {
    when: when as Halt['when'],
    what: what as Halt['what'],
    ...(percent === '%' ? { percent: Number(number) } : { count: Number(number) }),
  };
}
