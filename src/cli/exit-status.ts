import type { ErrorKind } from '../errors.js';
import type { Command } from './command.js';

/** There is no pool (EX_UNAVAILABLE of sysexits.h). */
const NO_POOL = 69;

/** No slot came in time (EX_TEMPFAIL). */
const NO_SLOT = 75;

/** The command to run was found and cannot be run, or was not found (env(1)). */
const NOT_EXECUTABLE = 126;
const NOT_FOUND = 127;

/** Returns the exit status of a command that an error ended. */
export function statusOf(kind: ErrorKind, command: Command): number {
  switch (kind) {
    case 'no-pool':
      return NO_POOL;
    case 'no-slot':
      return NO_SLOT;
    case 'not-executable':
      return NOT_EXECUTABLE;
    case 'not-found':
      return NOT_FOUND;
    case 'usage':
      return command.failure ?? 2;
    case 'failed':
      return command.failure ?? 1;
  }
}
