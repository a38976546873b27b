import { writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { sleepSync } from '../process/sleep-sync.js';

/** Writes all of a text, even to a pipe that somebody has set O_NONBLOCK on. */
export function writeText(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') {
        // If nobody can read our messages, this one is of no use either.
        if (fd === 2) return;
        throw error;
      }
      sleepSync(10);
    }
  }
}
