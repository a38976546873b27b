import { attempt } from '../errors.js';
import { tryStat } from '../try-stat.js';

let own: number | undefined;

/**
 * Returns our user id as stat(2) shows it for the files that we look at: below fakeroot(1), getuid(2) returns 0 and statx(2) does
 * not. The folder of a process in /proc belongs to its effective user (proc(5)).
 */
export function userId(): number {
  own ??= tryStat('/proc/self')?.uid ?? process.geteuid?.() ?? -1;
  return own;
}

/**
 * Takes on the rights of another user. Root does so in the state folder of a user's pool: what it makes there is theirs, and no
 * link of theirs leads root to a file that they could not reach themselves.
 * @param user the user id; undefined changes nothing
 * @returns a function that changes back
 * @throws JobserverError 'failed' if root may not
 */
function become(user: number | undefined): () => void {
  if (user === undefined || process.geteuid?.() === user) return () => {};
  attempt('act as the user', String(user), () => process.seteuid?.(user));
  return () => process.seteuid?.(0);
}

/** Runs an action with the rights of a user (see become), and returns its result. */
export function asUser<T>(user: number | undefined, action: () => T): T {
  const end = become(user);
  try {
    return action();
  } finally {
    end();
  }
}

/** Runs an action as root, which may have become another user before (see become), and returns its result. */
export function asRoot<T>(action: () => T): T {
  const user = process.geteuid?.();
  if (user === 0) return action();
  process.seteuid?.(0);
  try {
    return action();
  } finally {
    process.seteuid?.(user ?? 0);
  }
}
