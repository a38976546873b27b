import { statSync } from 'node:fs';
import { claimsFolder, sessionFile } from '../pool/folder.js';
import { identify } from '../pool/identity.js';
import type { Pool } from '../pool/pool.js';
import { findMakesAbove, type MakeAbove } from '../process/makes-above.js';
import { ancestry, descriptorStat, type ProcessId } from '../process/process-table.js';
import { findAdvertised } from '../protocol/advertised.js';

/**
 * Finds whose implicit slot this process may use: the nearest client of the pool above us, or rather what it started
 * (PROTOCOL 20, 21). A js-run is known by its claim and a session by its mark, both by pid and both in the pool's folder; a
 * make by the mark that it leaves on the environment.
 * @returns the process that the slot is named after, or undefined where nobody above has a slot, as after nohup or setsid
 */
export function findSlotOwner(pool: Pool): ProcessId | undefined {
  const makes = findMakesAbove();
  let next = makes.next();
  for (const entry of ancestry('self')) {
    if (isOurs(pool, entry.id)) return entry.id;
    if (!next.done && next.value.child.id === entry.id) {
      if (isClient(pool, next.value)) return entry.id;
      next = makes.next();
    }
  }
  return undefined;
}

function isOurs(pool: Pool, id: ProcessId): boolean {
  // A claim of js-run has just the holder's name; one of js-acquire has more to its name, and starts nothing.
  return exists(`${claimsFolder(pool.folder)}/${id}`) || exists(sessionFile(pool.folder, id));
}

const exists = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** @returns whether it was this pool that the make told its child of; it may have one of its own */
function isClient(pool: Pool, { make, env }: MakeAbove): boolean {
  const told = findAdvertised(env);
  if (told === undefined) return false;
  const auth = told.closed ?? told.auth;
  if (auth.kind === 'pair') {
    const stat = descriptorStat(make.pid, auth.read);
    return stat !== undefined && identify(stat) === pool.key;
  }
  if (auth.kind !== 'fifo') return false;
  const stat = statSync(auth.path, { throwIfNoEntry: false, bigint: true });
  return stat !== undefined && identify(stat) === pool.key;
}
