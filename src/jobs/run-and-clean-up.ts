import { isJobserverError, reasonOf, type Warn } from '../errors.js';
import type { ProgramEnd } from '../process/exit.js';

/**
 * Runs a job and then cleans up, whatever came of the job. The job's end counts: a failure afterwards is only reported in one
 * line, and not at all if the job could not start, because its own error says more.
 * @returns how the job ended
 */
export async function runAndCleanUp(
  run: () => Promise<ProgramEnd>,
  cleanUps: readonly (() => void | Promise<void>)[],
  warn: Warn,
): Promise<ProgramEnd> {
  let isReported = true;
  try {
    const end = await run();
    isReported = false;
    return end;
  } finally {
    for (const action of cleanUps) {
      try {
        await action();
      } catch (error) {
        if (!isReported) warn(isJobserverError(error) ? error.message : reasonOf(error));
        isReported = true;
      }
    }
  }
}
