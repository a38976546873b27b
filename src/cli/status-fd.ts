import { JobserverError } from '../errors.js';
import type { StatusEvent, StatusReport } from '../jobs/status-report.js';
import type { ProgramEnd } from '../process/exit.js';
import { isClosedByExec, listInherited } from '../process/own-descriptors.js';
import { isWritable } from '../process/process-descriptors.js';
import { writeText } from './write-text.js';

/**
 * Opens the report on a descriptor.
 * @param text the number of a descriptor that we were started with
 * @param parent the parent's pid
 * @throws JobserverError 'usage' if it is not open for writing
 */
export function openStatusReport(text: string, parent: number): StatusReport {
  const fd = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  // We must not write to what Node has opened itself.
  const isOurs = fd < 3 || !isClosedByExec(fd) || listInherited(parent).includes(fd);
  if (!(fd >= 0 && isWritable('self', fd) && isOurs)) {
    throw new JobserverError('usage', `--status-fd: '${text}' is not a file descriptor open for writing`);
  }
  return {
    fd,
    write(event) {
      try {
        writeText(fd, `${JSON.stringify(event)}\n`);
      } catch {
        // The command goes on without it.
      }
    },
  };
}

export const describeEnd = (end: ProgramEnd): StatusEvent =>
  typeof end === 'number' ? { event: 'end', status: end } : { event: 'end', signal: end.signal };
