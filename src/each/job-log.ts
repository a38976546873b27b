import { exitStatusOf, type ProgramEnd } from '../process/exit.js';

/** A line of a log of jobs, in the format of GNU parallel (--joblog in parallel(1)). */
export interface LogEntry {
  /** The number of the job. */
  number: number;
  startedMs: number;
  seconds: number;
  /** How many bytes of output it wrote on its standard output. */
  bytes: number;
  end: ProgramEnd;
  timedOut: boolean;
  words: readonly string[];
}

export const LOG_HEADER = 'Seq\tHost\tStarttime\tJobRuntime\tSend\tReceive\tExitval\tSignal\tCommand\n';

/**
 * Writes an entry as one line. As GNU parallel does, it gives a job that ran into its time limit the exit value -1, and writes a line
 *   break in a command as a null character.
 * @param quote makes a line for a shell of words
 */
export function formatLogEntry(entry: LogEntry, quote: (words: string[]) => string): string {
  const { number, startedMs, seconds, bytes, end, timedOut, words } = entry;
  const signal = typeof end === 'number' ? 0 : exitStatusOf(end) - 128;
  const status = timedOut ? -1 : typeof end === 'number' ? end : 0;
  const times = `${(startedMs / 1000).toFixed(3)}\t${seconds.toFixed(3).padStart(10)}`;
  const line = [number, ':', times, 0, bytes, status, signal, quote([...words]).replaceAll('\n', '\0')];
  return `${line.join('\t')}\n`;
}

/**
 * Finds the jobs that a log has, with whatever status or only if they succeeded.
 * @returns their numbers; a line that a crash has cut off does not count
 */
export function parseLog(text: string, onlySucceeded: boolean): Set<number> {
  const done = new Set<number>();
  for (const line of text.split('\n').slice(0, -1)) {
    const [number = '', , , , , , status, signal, command] = line.split('\t');
    if (!/^\d+$/.test(number) || command === undefined) continue;
    if (!onlySucceeded || (status === '0' && signal === '0')) done.add(Number(number));
    else done.delete(Number(number));
  }
  return done;
}
