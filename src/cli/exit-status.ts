import type { ErrorKind } from '../errors.js';
import type { Command } from './command.js';

/** There is no pool (EX_UNAVAILABLE of sysexits.h). */
const NO_POOL = 69;

/** No slot came in time (EX_TEMPFAIL). */
const NO_SLOT = 75;

/** @returns the exit status of a command that an error ended */
export function statusOf(kind: ErrorKind, command: Command): number {
  switch (kind) {
    case 'no-pool':
      return NO_POOL;
    case 'no-slot':
      return NO_SLOT;
    case 'usage':
      return command.failure ?? 2;
    case 'failed':
      return command.failure ?? 1;
  }
}
