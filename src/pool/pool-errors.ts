import { JobserverError } from '../errors.js';

/** Returns the error for a pool into which nobody will ever put a token. */
export const nobodyKeeps = (name: string): JobserverError =>
  new JobserverError('no-pool', `the pool '${name}' is gone: no process keeps it open; make a new one with js-create`);

/** Returns the error for a pool of ours whose state cannot be reached: without it nobody knows which slots are taken. */
export const unreachable = (path: string, root: string): JobserverError =>
  new JobserverError(
    'failed',
    `cannot find the state of the pool '${path}' in '${root}'; a container that uses the FIFO needs that folder too`,
  );
