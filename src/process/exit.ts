import { closeSync } from 'node:fs';

/** How a program ended: with a status, or by a signal. */
export type ProgramEnd = number | { signal: NodeJS.Signals };

/** @returns the exit status that a shell gives for it: 128+n after signal n */
export function exitStatusOf(end: ProgramEnd): number {
  return typeof end === 'number' ? end : 128 + process.getBuiltinModule('node:os').constants.signals[end.signal];
}

/**
 * Ends this process as its program ended: with its status, or by the same signal, so that whoever waits for us sees what
 * happened. If the signal does not end us, with 128+n.
 */
export function exitAs(end: ProgramEnd): never {
  letGoOfTerminal();
  if (typeof end !== 'number') {
    try {
      // Node ignores SIGPIPE and SIGXFSZ; a handler that goes leaves the default behind.
      process.on(end.signal, () => {});
    } catch {
      // SIGKILL cannot be handled.
    }
    process.removeAllListeners(end.signal);
    try {
      process.kill(process.pid, end.signal);
      // The kernel delivers it before kill(2) returns, unless it is handled on another thread: give that a moment.
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
    } catch {
      // Some kernels do not know every signal.
    }
  }
  process.exit(exitStatusOf(end));
}

/**
 * Closes stdin, stdout and stderr, to be called when nothing more is to be written. Node notes the modes of their terminal
 * when it starts and sets them again when it exits (ResetStdio in its src/node.cc): that would undo what our job did, as
 * `stty -echo`, and what a program in the foreground of a job in the background does. A closed descriptor it leaves alone.
 */
function letGoOfTerminal(): void {
  for (const fd of [0, 1, 2]) {
    try {
      closeSync(fd);
    } catch {
      // It is closed.
    }
  }
}
