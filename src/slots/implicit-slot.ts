import {
  findTaker,
  isHandedOver,
  isOfOurNamespace,
  isReturning,
  parseClaimName,
  type Taker,
} from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { isHolder, isSession } from '../pool/pool-folder.js';
import { isAlive, type ProcessId } from '../process/process-table.js';
import { listClaims } from './read-claim.js';
import type { SlotOwner } from './slot-owner.js';

/** Returns whether the slot owner still has its implicit slot: a recipe until it ends, a js-run as long as its claim is there. */
export function hasSlot(pool: Pick<Pool, 'folder'>, owner: SlotOwner): boolean {
  const id = owner.slice(owner.indexOf('-') + 1) as ProcessId;
  if (owner.startsWith('recipe-')) return isAlive(id);
  if (owner.startsWith('session-')) return isSession(pool.folder, id);
  // A claim that a js-run has left to a process below it still bears its name.
  return isHolder(pool.folder, id) || listClaims(pool).some((claim) => isLeftBy(id, claim));
}

/** Returns whether the taker has handed the claim over to a process below it. */
function isLeftBy(taker: Taker, claim: string): boolean {
  const name = parseClaimName(claim);
  if (name === undefined || findTaker(name) !== taker) return false;
  return isHandedOver(name) && isOfOurNamespace(name) && !isReturning(name);
}
