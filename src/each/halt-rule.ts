import { exitStatusOf, type ProgramEnd } from '../process/exit.js';

/** When no more jobs are started, as --halt says. */
export interface Halt {
  /** Whether the jobs that run are ended, or awaited. */
  when: 'soon' | 'now';
  /** Which jobs count. */
  what: 'fail' | 'success' | 'done';
  /** After how many of them, */
  count?: number;
  /** or after how many in a hundred of all jobs. */
  percent?: number;
}

/** How many jobs have ended. */
export interface Counts {
  done: number;
  failed: number;
  succeeded: number;
  /** How many there are; undefined until the last item is read. */
  total: number | undefined;
}

/**
 * Returns the exit status with which to end if that is enough, as GNU parallel does: after the first job its own status, after a
 * percentage the percentage of failed jobs, else their number.
 */
export function decideHalt({ what, count, percent }: Halt, counts: Counts, last: ProgramEnd): number | undefined {
  const { done, failed, succeeded, total } = counts;
  const isLast = what === 'done' || (what === 'success') === (last === 0);
  if (!isLast) return undefined;
  const reached = { fail: failed, success: succeeded, done }[what];
  if (percent !== undefined) {
    if (total === undefined || reached * 100 < percent * total) return undefined;
  } else if (reached < (count ?? 1)) return undefined;
  if (what === 'success') return 0;
  if (percent !== undefined) return Math.ceil((failed * 100) / (total ?? done));
  return count === 1 ? exitStatusOf(last) : statusOfFailed(failed);
}

/** The exit status for a number of failed jobs. */
export const statusOfFailed = (failed: number): number => Math.min(failed, 101);
