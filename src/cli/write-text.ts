import { writeSync } from 'node:fs';
import { errorCode } from '../errors.js';

/** Writes all of a text, also to a pipe that somebody set O_NONBLOCK on. */
export function writeText(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if (errorCode(error) !== 'EAGAIN') {
        // With nobody to read a message there is nobody to tell that.
        if (fd === 2) return;
        throw error;
      }
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
