import { constants } from 'node:fs';
import { attempt } from '../errors.js';
import { describePool, type Pool, reopen } from './pool.js';

/** Who waits for tokens; stop() ends it. */
export interface TokenWait {
  stop(): void;
}

/**
 * Waits for tokens in epoll, without a wake-up while none comes.
 * @param onToken gets the byte; no other one is read meanwhile. @returns whether another one shall come
 * @param onGone nobody has the pool open for writing any more
 */
export function awaitTokens(pool: Pool, onToken: (byte: number) => boolean, onGone: () => void): TokenWait {
  // Loaded only by who waits: it takes longer than all else at the start.
  const { Socket } = process.getBuiltinModule('node:net');
  const socket = new Socket({
    // A description of the socket's own: it closes it.
    fd: attempt('open the pool', describePool(pool), () => reopen(pool, constants.O_RDONLY | constants.O_NONBLOCK)),
    readable: true,
    writable: false,
    // One byte of room, and false to pause: any other way of reading takes every token there is (PROTOCOL 33). What is
    // returned decides: a resume() in here is of no effect, for the reading stops only afterwards.
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
