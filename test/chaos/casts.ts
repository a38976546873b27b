import { dirname } from 'node:path';
import { make43, make441Dir } from '../setup/tools.js';

/** With what, and as whom, the pool of a chaos is made and used. */
export interface Cast {
  name: string;
  /** The folder of the make that is first on PATH. */
  makeDir: string;
  /** How js-create advertises the pool. */
  auth: 'fifo' | 'pipe' | 'auto';
  /** Whose pool it is, and how many of the scenes are root's; undefined for a pool of whoever plays. */
  user?: { id: number; roots: number };
}

const NOBODY = 65534;

export const CASTS: readonly Cast[] = [
  { name: 'fifo', makeDir: make441Dir, auth: 'fifo' },
  { name: 'pairs', makeDir: dirname(make43), auth: 'pipe' },
  // What js-create chooses by itself for most.
  { name: 'both', makeDir: dirname(make43), auth: 'auto' },
  { name: 'root beside nobody', makeDir: dirname(make43), auth: 'auto', user: { id: NOBODY, roots: 0.3 } },
];

/** @throws {Error} if there is no such cast */
export function findCast(name: string): Cast {
  const cast = CASTS.find((each) => each.name === name);
  if (cast === undefined) throw new Error(`no cast '${name}': ${CASTS.map((each) => each.name).join(', ')}`);
  return cast;
}

/** Returns what makes a process a user's, for spawn(). */
export const asUser = (id: number | undefined): { uid?: number; gid?: number } =>
  id === undefined ? {} : { uid: id, gid: id };
