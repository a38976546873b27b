import { lstatSync, mkdirSync, type Stats, statSync } from 'node:fs';
import { attempt, cannot, errorCode, JobserverError } from '../errors.js';
import { tryStat } from '../try-stat.js';

type Env = Readonly<Record<string, string | undefined>>;

/** Says where the state folder is, so that a job with a TMPDIR of its own still shares the folder of its pool. */
export const STATE_VARIABLE = 'JOBSERVER_TOOLS_STATE';

const uid = (): number => process.getuid?.() ?? -1;

/** @returns the folder that all pools of this user keep their state in; nothing is created or checked. */
export function stateRoot(env: Env): string {
  // Under sudo the variables may still name another user's folders.
  const state = env[STATE_VARIABLE];
  if (state?.startsWith('/') && mayBeOurs(state)) return state;
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime?.startsWith('/') && tryStat(runtime)?.uid === uid()) return `${runtime}/jobserver-tools`;
  // Not what TMPDIR says: a job may have one of its own, and has to find the locks of its pool all the same.
  const usual = `/run/user/${uid()}`;
  return tryStat(usual)?.uid === uid() ? `${usual}/jobserver-tools` : `/tmp/jobserver-tools-${uid()}`;
}

/** @returns whether it is a folder of ours, or is not there, so that we could make it */
function mayBeOurs(state: string): boolean {
  try {
    const stat = statSync(state, { throwIfNoEntry: false });
    return stat === undefined || stat.uid === uid();
  } catch (error) {
    // In a folder of another user that we may not look into.
    return errorCode(error) !== 'EACCES';
  }
}

/**
 * Creates the state folder where it is missing.
 * @returns its path
 * @throws JobserverError 'failed' where anybody else could have prepared it or could change it
 */
export function ensureStateRoot(env: Env): string {
  const root = stateRoot(env);
  const stat = attempt('read the state folder', root, () => lstatSync(root, { throwIfNoEntry: false })) ?? create(root);
  checkPrivate(root, stat);
  return root;
}

function create(root: string): Stats {
  try {
    mkdirSync(root, { mode: 0o700 });
  } catch (error) {
    // Another command may have been quicker.
    if (errorCode(error) !== 'EEXIST') throw cannot('create the state folder', root, error);
  }
  return lstatSync(root);
}

function checkPrivate(root: string, stat: Stats): void {
  const refuse = (why: string) =>
    new JobserverError('failed', `refusing the state folder '${root}': ${why}; remove it or set ${STATE_VARIABLE}`);
  if (stat.isSymbolicLink()) throw refuse('it is a symbolic link');
  if (!stat.isDirectory()) throw refuse('it is not a folder');
  if (stat.uid !== uid()) throw refuse(`it belongs to user ${stat.uid}`);
  if ((stat.mode & 0o077) !== 0) throw refuse('others may enter it (its mode must be 0700)');
}
