import { statSync } from 'node:fs';
import { isClientOf } from '../pool/folder.js';
import { identify } from '../pool/identity.js';
import type { Pool } from '../pool/pool.js';
import { type MakeAbove, walkUp } from '../process/ancestry.js';
import { descriptorStat, type ProcessId } from '../process/process-table.js';
import { findAdvertised } from '../protocol/advertised.js';

/**
 * Who has an implicit slot: a process that a make started, or whatever one of our commands started or a session runs.
 * A js-run that is a recipe's own process is both, and these are two slots: it runs in the one and gives the other.
 */
export type SlotOwner = `recipe-${ProcessId}` | `below-${ProcessId}`;

/** @returns the slot owner that the text names, or undefined */
export function parseSlotOwner(text: string): SlotOwner | undefined {
  return /^(recipe|below)-\d+\.\d+$/.test(text) ? (text as SlotOwner) : undefined;
}

/**
 * Finds whose implicit slot this process may use: the nearest client of the pool above us, or rather what it started
 * (PROTOCOL 20, 21). A js-run is known by its claim and a session by its mark, both by pid and both in the pool's folder; a
 * make by the mark that it leaves on the environment.
 * @returns undefined where nobody above has a slot, as after nohup or setsid
 */
export function findSlotOwner(pool: Pool): SlotOwner | undefined {
  for (const { entry, findMake } of walkUp()) {
    if (isClientOf(pool.folder, entry.id)) return `below-${entry.id}`;
    const make = findMake();
    if (make !== undefined && isClient(pool, make)) return `recipe-${entry.id}`;
  }
  return undefined;
}

/** @returns whether it was this pool that the make told its child of; it may have one of its own */
function isClient(pool: Pool, make: MakeAbove): boolean {
  const told = findAdvertised(make.variable);
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
