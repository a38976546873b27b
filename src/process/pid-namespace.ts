import { readlinkSync } from 'node:fs';
import { lookAt } from './look-at-proc.js';
import { listProcesses, readStatus } from './process-table.js';
import { userId } from './user.js';

let namespace: string | undefined;

/** Returns our pid namespace (pid_namespaces(7)), as `pid:[4026531836]`; empty if it is hidden. */
export function pidNamespace(): string {
  if (namespace === undefined) {
    try {
      namespace = readlinkSync('/proc/self/ns/pid');
    } catch {
      namespace = '';
    }
  }
  return namespace;
}

/** The namespace above all others, whose /proc shows their processes too (PROC_PID_INIT_INO in the kernel's proc_ns.h). */
const INITIAL_NAMESPACE = 'pid:[4026531836]';

/** Returns the number of our pid namespace; undefined if it is the initial one, or hidden. */
export const nestedNamespace = (): string | undefined =>
  pidNamespace() === INITIAL_NAMESPACE ? undefined : /\d+/.exec(pidNamespace())?.[0];

/**
 * Returns whether a pid namespace has ended, with all of its processes. That is visible only from the first one, and not if a
 * process of this user that could be in it hides its namespace.
 */
export function isNamespaceGone(other: string): boolean {
  if (pidNamespace() !== INITIAL_NAMESPACE) return false;
  return !listProcesses().some((pid) => {
    const link = lookAt(`/proc/${pid}/ns/pid`, undefined, (path) => readlinkSync(path));
    return link === undefined ? mayBeElsewhere(pid) : link === other;
  });
}

/** Returns whether a process that hides its namespace may be in another one, and belongs to our user. */
function mayBeElsewhere(pid: number): boolean {
  const status = readStatus(pid);
  const [, user] = /^Uid:\t(\d+)/m.exec(status) ?? [];
  // One number for each namespace from ours on (proc_pid_status(5)).
  return Number(user) === userId() && !/^NSpid:\t\d+$/m.test(status);
}
