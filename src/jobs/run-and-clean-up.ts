import { isJobserverError, reasonOf, type Warn } from '../errors.js';
import type { ProgramEnd } from '../process/exit.js';

/**
 * Runs a job, and then what has to be done after it, whatever came of it. How the job went counts: what fails afterwards is
 * told in one line, and not at all if the job could not even start, whose error says more.
 * @returns how the job ended
 */
export async function runAndTidy(
  run: () => Promise<ProgramEnd>,
  tidy: readonly (() => void | Promise<void>)[],
  warn: Warn,
): Promise<ProgramEnd> {
  let told = true;
  try {
    const end = await run();
    told = false;
    return end;
  } finally {
    for (const action of tidy) {
      try {
        await action();
      } catch (error) {
        if (!told) warn(isJobserverError(error) ? error.message : reasonOf(error));
        told = true;
      }
    }
  }
}
