import { closeSync, fstatSync, readFileSync } from 'node:fs';

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
  // It starts a program, which needs descriptors.
  if (typeof end !== 'number' && DUMPING.includes(end.signal)) dumpNoCore();
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

/** The signals at which a process leaves its memory in a file (signal(7)). */
const DUMPING: readonly NodeJS.Signals[] = [
  ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS'] as const),
  ...(['SIGFPE', 'SIGSEGV', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
];

/**
 * Keeps this process from leaving a core, which would take the place of its job's (timeout(1) does the same). Of what it may
 * leave one byte is too little for a file, and tells a program that the kernel would give the core to that it gets none
 * (core(5)); 0 would not.
 */
function dumpNoCore(): void {
  try {
    const read = (path: string) => readFileSync(path, 'latin1');
    const noFile = /^Max core file size +0 /m.test(read('/proc/self/limits'));
    if (noFile && !read('/proc/sys/kernel/core_pattern').startsWith('|')) return;
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    spawnSync('prlimit', [`--pid=${process.pid}`, '--core=1:'], { stdio: 'ignore' });
  } catch {
    // No descriptor is left.
  }
}

/**
 * Closes stdin, stdout and stderr if they are a terminal; to be called when nothing more is to be written. Node notes its
 * modes when it starts and sets them again when it exits (ResetStdio in its src/node.cc): that would undo what our job did,
 * as `stty -echo`, and what a program in the foreground of a job in the background does. A closed descriptor it leaves
 * alone. Pipes stay open: it takes O_NONBLOCK back from those if it has set that.
 */
function letGoOfTerminal(): void {
  for (const fd of [0, 1, 2]) {
    try {
      if (fstatSync(fd).isCharacterDevice()) closeSync(fd);
    } catch {
      // It is closed.
    }
  }
}
