import type { Env } from '../environment.js';
/** A child that has our stdin, stdout and stderr, or others of our descriptors. */
export interface Child {
  pid: number;
  kill(signal: NodeJS.Signals): void;
}

/** What to start. */
export interface ChildSpec {
  file: string;
  /** The program's own name first. */
  words: string[];
  env: Env;
  /** Which of our descriptors becomes 0, 1, 2 and so on; undefined closes the number. */
  descriptors: readonly (number | undefined)[];
  /** Called once, when it has ended: with its status, or the signal that ended it. */
  onExit: (end: number | NodeJS.Signals) => void;
}

/** Node's handle of a process in Node 20, as node:child_process uses it. */
interface ProcessHandle {
  pid: number;
  onexit: (status: number, signal: NodeJS.Signals | '') => void;
  /** @returns 0, or less than that the system's error number */
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
 * Starts a child without node:child_process, which loads net, dgram and streams: a seventh of the start of Node 20. What it
 * stands on is taken instead, on Node 20 only: its last release is out (nodejs.org/en/about/previous-releases), so it stays
 * as it is. Node 24 wants other arguments, and aborts where it gets these.
 * @returns undefined where that cannot be had, and nothing was started
 * @throws a system error where the child cannot be started
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
    // --pending-deprecation would speak of it (DEP0111), which is for this file to know and not for a person.
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
