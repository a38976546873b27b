import { closeSync, fstatSync, readFileSync } from 'node:fs';
import { sleepSync } from './sleep-sync.js';

/** How a program ended: with a status, or by a signal. */
export type ProgramEnd = number | { signal: NodeJS.Signals };

/** Returns the exit status that a shell gives for such an end: 128+n after signal n. */
export function exitStatusOf(end: ProgramEnd): number {
  return typeof end === 'number' ? end : 128 + process.getBuiltinModule('node:os').constants.signals[end.signal];
}

/**
 * Ends this process as its program ended, with the same status or by the same signal, so that our parent sees what happened. If
 * the signal does not end us, the status is 128+n.
 */
export function exitAs(end: ProgramEnd): never {
  // Before the terminal's descriptors are closed, since it starts a program.
  if (typeof end !== 'number' && CORE_SIGNALS.includes(end.signal)) dumpNoCore();
  closeTerminal();
  if (typeof end !== 'number') {
    try {
      // Node ignores SIGPIPE and SIGXFSZ; adding and removing a handler restores the default action.
      process.on(end.signal, () => {});
    } catch {
      // SIGKILL cannot be handled.
    }
    process.removeAllListeners(end.signal);
    try {
      process.kill(process.pid, end.signal);
      // The kernel delivers it before kill(2) returns, unless another thread handles it: give that some time.
      sleepSync(100);
    } catch {
      // Some kernels do not know every signal.
    }
  }
  process.exit(exitStatusOf(end));
}

/** The signals at which a process dumps core (signal(7)). */
const CORE_SIGNALS: readonly NodeJS.Signals[] = [
  ...(['SIGQUIT', 'SIGILL', 'SIGTRAP', 'SIGABRT', 'SIGBUS'] as const),
  ...(['SIGFPE', 'SIGSEGV', 'SIGXCPU', 'SIGXFSZ', 'SIGSYS'] as const),
];

/**
 * Keeps this process from dumping core, which would replace its job's (timeout(1) does the same). A limit of one byte is too
 * little for a file, and also keeps the kernel from piping the core to a program, which a limit of 0 does not (core(5)).
 */
function dumpNoCore(): void {
  try {
    const read = (path: string) => readFileSync(path, 'latin1');
    const noFile = /^Max core file size +0 /m.test(read('/proc/self/limits'));
    if (noFile && !read('/proc/sys/kernel/core_pattern').startsWith('|')) return;
    const { spawnSync } = process.getBuiltinModule('node:child_process');
    spawnSync('prlimit', [`--pid=${process.pid}`, '--core=1:'], { stdio: 'ignore' });
  } catch {
    // No descriptor is left for prlimit.
  }
}

/**
 * Closes stdin, stdout and stderr if they are a terminal. Must be called when nothing more is to be written. Node saves the modes
 * of a terminal when it starts and restores them when it exits (ResetStdio in its src/node.cc), but not of a closed descriptor.
 * That would undo what our job did, such as `stty -echo`, or what the program in the foreground does if we are in the background.
 * Pipes stay open: Node clears O_NONBLOCK on them if it has set it.
 */
function closeTerminal(): void {
  for (const fd of [0, 1, 2]) {
    try {
      if (fstatSync(fd).isCharacterDevice()) closeSync(fd);
    } catch {
      // It is closed.
    }
  }
}
