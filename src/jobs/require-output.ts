import { JobserverError } from '../errors.js';
import { isOutputClosed } from '../slots/wrapper-programs.js';

/**
 * Refuses to go on if nobody can get what a command prints: without the handle nobody could return the slots, and without the
 * code nobody could join the pool.
 * @param parent the parent's pid
 * @throws JobserverError 'failed'
 */
export function requireOutput(parent: number): void {
  if (isOutputClosed(parent)) throw new JobserverError('failed', "cannot write 'standard output': Bad file descriptor");
}
