import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import type { Env } from '../environment.js';
import { attempt, cannot, errorCode, JobserverError } from '../errors.js';
import { asUser, userId } from '../process/user.js';
import { findUnsafeCharacter } from '../protocol/makeflags.js';
import { tryStat } from '../try-stat.js';

/** Says where the state of new pools is, and of those that somebody else made. */
const STATE_VARIABLE = 'JOBSERVER_TOOLS_STATE';

/** Returns the state folder for new pools, and for what is remembered of tools; nothing is created or checked. */
export function stateRoot(env: Env): string {
  const state = statedRoot(env, userId());
  if (state !== undefined) return state;
  const runtime = env.XDG_RUNTIME_DIR ?? '';
  // Tools that take MAKEFLAGS word for word, as cargo and ninja do, could not open a FIFO in a folder whose name make quotes.
  const isFit = runtime.startsWith('/') && findUnsafeCharacter(runtime) === undefined;
  if (isFit && tryStat(runtime)?.uid === userId()) return `${runtime}/jobserver-tools`;
  // Not what TMPDIR says: a job may have one of its own.
  const usual = `/run/user/${userId()}`;
  return tryStat(usual)?.uid === userId() ? `${usual}/jobserver-tools` : lastRoot(userId());
}

/** Returns what the variable says, if that can be a folder of the user's: under sudo it may name another one's. */
function statedRoot(env: Env, user: number): string | undefined {
  const state = env[STATE_VARIABLE];
  return state?.startsWith('/') && mayBelongTo(user, state) ? state : undefined;
}

const lastRoot = (user: number): string => `/tmp/jobserver-tools-${user}`;

/** Returns whether it is a folder of the user's, or is not there, so that it could be made. */
function mayBelongTo(user: number, state: string): boolean {
  try {
    const stat = statSync(state, { throwIfNoEntry: false });
    return stat === undefined || stat.uid === user;
  } catch (error) {
    // In a folder of another user that we may not look into.
    return errorCode(error) !== 'EACCES';
  }
}

/**
 * Creates the state folder for new pools if it is missing.
 * @returns its path
 * @throws JobserverError 'failed' if anybody else could have prepared it or could change it
 */
export function ensureStateRoot(env: Env): string {
  return ensureRoot(stateRoot(env), userId());
}

/**
 * Creates the folder of the state of pools that somebody else made, such as make, if it is missing. All who use such a pool
 * have to find the same one, whatever their environment: XDG_RUNTIME_DIR is not there in a job of cron, nor always the folder.
 * @param user whose it is
 * @returns its path
 * @throws as ensureStateRoot()
 */
export function ensureForeignRoot(env: Env, user: number): string {
  return ensureRoot(statedRoot(env, user) ?? lastRoot(user), user);
}

/** Returns the state folders of the user's that there are, for new pools and for those that somebody else made. */
export function listStateRoots(env: Env): string[] {
  const roots = [ensureStateRoot(env), statedRoot(env, userId()) ?? lastRoot(userId())];
  return [...new Set(roots)].filter((root) => {
    const stat = statRoot(root);
    return stat !== undefined && findFault(stat, userId()) === undefined;
  });
}

function ensureRoot(root: string, user: number): string {
  const stat = statRoot(root) ?? create(root, user);
  checkPrivate(root, stat, user);
  return root;
}

/** @throws JobserverError 'failed' if the folder is not there, or anybody but the user could have prepared it or could change it */
export function checkRoot(root: string, user: number): void {
  const stat = statRoot(root);
  if (stat === undefined) throw new JobserverError('failed', `the state folder '${root}' is gone`);
  checkPrivate(root, stat, user);
}

const statRoot = (root: string): Stats | undefined =>
  attempt('read the state folder', root, () => lstatSync(root, { throwIfNoEntry: false }));

function create(root: string, user: number): Stats {
  try {
    asUser(user === userId() ? undefined : user, () => mkdirSync(root, { mode: 0o700 }));
  } catch (error) {
    // Another command may have been quicker.
    if (errorCode(error) !== 'EEXIST') throw cannot('create the state folder', root, error);
  }
  return lstatSync(root);
}

function checkPrivate(root: string, stat: Stats, user: number): void {
  const fault = findFault(stat, user);
  if (fault === undefined) return;
  throw new JobserverError(
    'failed',
    `refusing to use the state folder '${root}': ${fault}; remove it or set ${STATE_VARIABLE}`,
  );
}

/** Returns why the folder is not the user's alone. */
function findFault(stat: Stats, user: number): string | undefined {
  if (stat.isSymbolicLink()) return 'it is a symbolic link';
  if (!stat.isDirectory()) return 'it is not a folder';
  if (stat.uid !== user) return `it belongs to user ${stat.uid}`;
  return (stat.mode & 0o077) === 0 ? undefined : 'other users can access it (its mode must be 0700)';
}
