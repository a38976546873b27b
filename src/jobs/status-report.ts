import type { ErrorKind } from '../errors.js';

/** What --status-fd reports of a command that is run for a program. The manual pages promise that this shape stays. */
export type StatusEvent =
  | { event: 'start'; pid: number }
  | { event: 'end'; status: number }
  | { event: 'end'; signal: NodeJS.Signals }
  | { event: 'error'; kind: ErrorKind; status: number; message: string }
  | { event: 'error'; kind: 'interrupted'; signal: NodeJS.Signals; message: string };

/** Where those events go. */
export interface StatusReport {
  fd: number;
  /** Writes one line of JSON. Nothing happens if nobody reads it, or if the disk is full. */
  write(event: StatusEvent): void;
}
