import { type ErrorKind, JobserverError } from '../errors.js';
import { isClosedByExec, listInherited } from '../process/descriptors.js';
import type { ProgramEnd } from '../process/exit.js';
import { isWritable } from '../process/process-table.js';
import { writeText } from './write-text.js';

/** What --status-fd tells of a command that is run for a program. The manual pages promise that this shape stays. */
export type StatusEvent =
  | { event: 'start'; pid: number }
  | { event: 'end'; status: number }
  | { event: 'end'; signal: NodeJS.Signals }
  | { event: 'error'; kind: ErrorKind; status: number; message: string }
  | { event: 'error'; kind: 'interrupted'; signal: NodeJS.Signals; message: string };

/** Where those events go. */
export interface StatusReport {
  fd: number;
  /** Writes one line of JSON. Nothing comes of it if nobody reads it, or the disk is full. */
  tell(event: StatusEvent): void;
}

/**
 * @param text the number of a descriptor that we were started with
 * @param parent the parent's pid
 * @throws JobserverError 'usage' if it is not open for writing
 */
export function openStatusReport(text: string, parent: number): StatusReport {
  const fd = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  // What Node has opened itself is not for us to write to.
  const isOurs = fd < 3 || !isClosedByExec(fd) || listInherited(parent).includes(fd);
  if (!(fd >= 0 && isWritable('self', fd) && isOurs)) {
    throw new JobserverError('usage', `--status-fd: '${text}' is not a descriptor that is open for writing`);
  }
  return {
    fd,
    tell(event) {
      try {
        writeText(fd, `${JSON.stringify(event)}\n`);
      } catch {
        // It is for the command to go on.
      }
    },
  };
}

export const describeEnd = (end: ProgramEnd): StatusEvent =>
  typeof end === 'number' ? { event: 'end', status: end } : { event: 'end', signal: end.signal };
