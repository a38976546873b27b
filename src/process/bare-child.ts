import type { Env } from '../environment.js';
/** A running child. */
export interface Child {
  pid: number;
  kill(signal: NodeJS.Signals): void;
}

/** The child to start. */
export interface ChildSpec {
  file: string;
  /** The program's own name first. */
  words: string[];
  env: Env;
  /** Which of our descriptors become the child's 0, 1, 2 and so on; undefined leaves the number closed. */
  descriptors: readonly (number | undefined)[];
  /** Called once when it has ended, with its status or the signal that ended it. */
  onExit: (end: number | NodeJS.Signals) => void;
}

/** Node's handle of a process in Node 20, as node:child_process uses it. */
interface ProcessHandle {
  pid: number;
  onexit: (status: number, signal: NodeJS.Signals | '') => void;
  /** Returns 0, or the system's error number as a negative number. */
  spawn(options: {
    file: string;
    args: string[];
    envPairs: string[];
    stdio: ({ type: 'fd'; fd: number } | { type: 'ignore' })[];
  }): number;
  kill(signal: number): number;
  close(): void;
}

type Binding = (name: 'process_wrap') => { Process: new () => ProcessHandle };

/**
 * Starts a child without node:child_process, which loads net, dgram and streams: a seventh of the start of Node 20. The binding
 * below that module is used instead, on Node 20 only: its last release is out (nodejs.org/en/about/previous-releases), so it will
 * not change. Node 24 expects other arguments, and aborts if it gets these.
 * @returns undefined if there is no such binding; nothing was started then
 * @throws a system error if the child cannot be started
 */
export function startBareChild({ file, words, env, descriptors, onExit }: ChildSpec): Child | undefined {
  const handle = openHandle();
  if (handle === undefined) return undefined;
  handle.onexit = (status, signal) => {
    handle.close();
    onExit(signal || status);
  };
  const errno = handle.spawn({
    file,
    args: words,
    envPairs: Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : `${name}=${value}`)),
    stdio: Array.from(descriptors, (fd) => (fd === undefined ? { type: 'ignore' } : { type: 'fd', fd })),
  });
  if (errno < 0) {
    handle.close();
    const [code] = process.getBuiltinModule('node:util').getSystemErrorMap().get(errno) ?? [];
    throw Object.assign(new Error(`spawn ${file} ${code}`), { errno, code });
  }
  return {
    pid: handle.pid,
    kill: (signal) => void handle.kill(process.getBuiltinModule('node:os').constants.signals[signal]),
  };
}

function openHandle(): ProcessHandle | undefined {
  if (!process.versions.node.startsWith('20.')) return undefined;
  const { noDeprecation } = process;
  try {
    // --pending-deprecation would print a warning (DEP0111) that is of no use to a user.
    process.noDeprecation = true;
    const { Process } = (process as unknown as { binding: Binding }).binding('process_wrap');
    return new Process();
  } catch {
    // Node was started with --permission.
    return undefined;
  } finally {
    process.noDeprecation = noDeprecation ?? false;
  }
}
