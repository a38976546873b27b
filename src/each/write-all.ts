import { write } from 'node:fs';
import { cannot, errorCode } from '../errors.js';

/** Nobody reads our standard output any more. */
export class OutputClosed extends Error {}

/** How long to wait until a pipe that somebody has set O_NONBLOCK on has room again. */
const FULL_PIPE_MS = 10;

/**
 * Writes all of it, without keeping this thread from anything else: whoever reads it may be slow.
 * @throws OutputClosed, JobserverError 'failed'
 */
export async function writeAll(fd: 1 | 2, bytes: Uint8Array): Promise<void> {
  for (let rest = bytes; rest.length > 0; ) {
    try {
      const written = await new Promise<number>((resolve, reject) => {
        write(fd, rest, (error, count) => (error ? reject(error) : resolve(count)));
      });
      rest = rest.subarray(written);
    } catch (error) {
      if (errorCode(error) === 'EAGAIN') await new Promise((resolve) => setTimeout(resolve, FULL_PIPE_MS));
      // What is meant for nobody is no loss.
      else if (fd === 2) return;
      else if (errorCode(error) === 'EPIPE') throw new OutputClosed();
      else throw cannot('write', 'standard output', error);
    }
  }
}
