import type { Warn } from '../errors.js';
import type { ProgramEnd } from '../process/exit.js';
import { statusOfFailed } from './halt-rule.js';
import type { JobEnd } from './job-end.js';
import type { Outcome } from './plan.js';

/** What --json prints of a job, before its output. The manual page promises that this shape stays. */
export const describeEnd = ({ spec, words, end, timedOut, tries, startedMs, seconds }: JobEnd) => ({
  job: spec.number,
  items: spec.items,
  command: words,
  ...(typeof end === 'number' ? { status: end } : { signal: end.signal }),
  timedOut,
  tries,
  start: new Date(startedMs).toISOString(),
  seconds: Number(seconds.toFixed(3)),
});

/**
 * Says why a run was not finished, and what did not run.
 * @param total the number of all jobs, if it is known
 * @returns how to end
 * @throws what ended the run
 */
export function endRun(outcome: Outcome, total: number | undefined, report: Warn): ProgramEnd {
  const { stop, failed } = outcome;
  switch (stop?.why) {
    case undefined:
      return statusOfFailed(failed);
    case 'halt':
      report(`job ${stop.last.spec.number} ${howEnded(stop.last)}: ${describeRest(outcome, total)}`);
      return stop.status;
    case 'signal':
      report(`${stop.signal}: ${describeRest(outcome, total)}`);
      return { signal: stop.signal };
    case 'closed':
      return { signal: 'SIGPIPE' };
    case 'error':
      throw stop.error;
  }
}

function describeRest({ started, cut }: Outcome, total: number | undefined): string {
  const ended = cut > 0 ? `ended ${countOf(cut)}; ` : '';
  return `${ended}${total === undefined ? `started none after ${countOf(started)}` : `${countOf(total - started)} did not run`}`;
}

const countOf = (count: number): string => `${count} ${count === 1 ? 'job' : 'jobs'}`;

function howEnded({ end, timedOut }: JobEnd): string {
  if (timedOut) return 'ran into its time limit';
  if (end === 0) return 'succeeded';
  return typeof end === 'number' ? `exited with ${end}` : `was ended by ${end.signal}`;
}
