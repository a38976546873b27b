import { constants } from 'node:fs';
import { attempt } from '../errors.js';
import { describePool, type Pool, reopen } from './pool.js';

/** A wait for tokens; stop() ends it. */
export interface TokenWait {
  stop(): void;
}

/**
 * Waits for tokens in epoll, without a wake-up while none comes.
 * @param onToken is called with the byte, and says whether to read another one; meanwhile none is read
 * @param onGone is called when nobody has the pool open for writing any more
 */
export function awaitTokens(pool: Pool, onToken: (byte: number) => boolean, onGone: () => void): TokenWait {
  // Loaded only to wait: it takes longer than all else at the start.
  const { Socket } = process.getBuiltinModule('node:net');
  const socket = new Socket({
    // The socket closes it, so it is an open file description of its own.
    fd: attempt('open the pool', describePool(pool), () => reopen(pool, constants.O_RDONLY | constants.O_NONBLOCK)),
    readable: true,
    writable: false,
    // One byte of room, and false to pause: any other way of reading takes every token there is (PROTOCOL 33). The value returned
    // decides: a resume() in here has no effect, because the reading stops only afterwards (PROTOCOL 34).
    onread: {
      buffer: Buffer.alloc(1),
      callback: (length, buffer) => length !== 1 || onToken(buffer[0] as number),
    },
  });
  socket.on('end', onGone);
  socket.on('error', onGone);
  // Not read(0): the end of the pipe would never be reported.
  socket.resume();
  return { stop: () => socket.destroy() };
}
