import { writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { sleepSync } from '../process/sleep-sync.js';

/** What the person has asked for. */
export type Key = 'quit' | 'interrupt' | 'suspend';

/** The whole terminal, which is as it was before when end() returns. */
export interface FullScreen {
  /** Shows these lines instead of those before. */
  show(lines: readonly string[]): void;
  end(): void;
}

const ENTER = '\x1b[?1049h\x1b[?25l\x1b[?7l';
const LEAVE = '\x1b[?7h\x1b[?25h\x1b[?1049l';
const HOME = '\x1b[H';
const CLEAR_LINE = '\x1b[K';
const CLEAR_BELOW = '\x1b[J';

/** Takes over the terminal of standard input and output. @param onKey is called for the keys that mean something */
export function enterFullScreen(onKey: (key: Key) => void): FullScreen {
  const { stdin } = process;
  let shown = '';
  const onData = (data: Buffer) => {
    for (const byte of data) {
      const key = KEYS.get(byte);
      if (key !== undefined) return onKey(key);
    }
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  write(ENTER);
  return {
    show(lines) {
      // Nothing is cleared before it is written again, so nothing flickers.
      const text = HOME + lines.map((line) => line + CLEAR_LINE).join('\r\n') + CLEAR_BELOW;
      if (text !== shown) write(text);
      shown = text;
    },
    end() {
      stdin.off('data', onData);
      stdin.pause();
      write(LEAVE);
      try {
        stdin.setRawMode(false);
      } catch {
        // The terminal is gone.
      }
    },
  };
}

/** In raw mode the terminal makes no signals of these. */
const KEYS: ReadonlyMap<number, Key> = new Map([
  ['q'.charCodeAt(0), 'quit'],
  ['Q'.charCodeAt(0), 'quit'],
  [0x03, 'interrupt'],
  [0x1c, 'interrupt'],
  [0x1a, 'suspend'],
]);

function write(text: string): void {
  for (let rest = Buffer.from(text); rest.length > 0; ) {
    try {
      rest = rest.subarray(writeSync(1, rest));
    } catch (error) {
      // A terminal that is gone, or stopped with ^S, must not keep us.
      if (errorCode(error) !== 'EAGAIN') return;
      sleepSync(10);
    }
  }
}
