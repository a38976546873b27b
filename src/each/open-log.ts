import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { attempt, errorCode } from '../errors.js';
import { formatLogEntry, LOG_HEADER, type LogEntry, parseLog } from './job-log.js';

/** A log of jobs on disk. */
export interface JobLog {
  /** Returns whether a job need not run again. */
  isDone(number: number): boolean;
  /** @throws JobserverError 'failed' */
  write(entry: LogEntry): void;
  close(): void;
}

/**
 * Opens a log of jobs. To resume, it goes on with the one that is there; otherwise that is replaced.
 * @param resume which jobs of a log that is there are left out
 * @throws JobserverError 'failed'
 */
export async function openJobLog(file: string, resume: 'no' | 'all' | 'failed'): Promise<JobLog> {
  // Loaded only here, because most runs need no log.
  const { quote } = await import('shell-quote');
  const old = resume === 'no' ? '' : readOld(file);
  const done = parseLog(old, resume === 'failed');
  const fd = attempt('write', file, () => openSync(file, resume === 'no' ? 'w' : 'a'));
  const write = (text: string) => attempt('write', file, () => writeSync(fd, text));
  // A crash has cut off its last line.
  if (old !== '' && !old.endsWith('\n')) write('\n');
  if (old === '') write(LOG_HEADER);
  return {
    isDone: (number) => done.has(number),
    write: (entry) => write(formatLogEntry(entry, quote)),
    close: () => closeSync(fd),
  };
}

function readOld(file: string): string {
  return attempt('read', file, () => {
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return '';
      throw error;
    }
  });
}
