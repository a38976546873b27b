import { attempt } from '../errors.js';
import { tryStat } from '../try-stat.js';

let own: number | undefined;

/**
 * @returns our user id, as the files that we look at show it: below fakeroot(1), getuid(2) says 0 and statx(2) does not. The
 * folder of a process in /proc belongs to its effective user (proc(5)).
 */
export function userId(): number {
  own ??= tryStat('/proc/self')?.uid ?? process.geteuid?.() ?? -1;
  return own;
}

/**
 * Takes on the rights of another user, as root does with the state of a user's pool: what it makes there is theirs, and no
 * link that they lay leads root to a file that they could not reach themselves.
 * @param user undefined to stay who we are
 * @returns what ends that
 * @throws JobserverError 'failed' if root may not
 */
export function become(user: number | undefined): () => void {
  if (user === undefined || process.geteuid?.() === user) return () => {};
  attempt('act as the user', String(user), () => process.seteuid?.(user));
  return () => process.seteuid?.(0);
}

/** @returns what the action returns, done with the rights of that user (see become) */
export function asUser<T>(user: number | undefined, action: () => T): T {
  const end = become(user);
  try {
    return action();
  } finally {
    end();
  }
}

/** @returns what the action returns, done as root, which may have become another user before (see become) */
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
