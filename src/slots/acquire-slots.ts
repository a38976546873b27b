import type { Pool } from '../pool/pool.js';
import { selfId } from '../process/process-table.js';
import { become } from '../process/user.js';
import { checkReachable } from './check-reachable.js';
import { type Claim, openClaim } from './claim.js';
import { abandonClaim } from './release-claim.js';
import { findSlotOwner } from './slot-owner.js';
import { tryTakeSlots } from './take-slots.js';
import { noSlot, type WaitOptions, waitForSlots } from './wait-for-slots.js';

/** The slots that a command asks a pool for. */
export interface SlotRequest extends WaitOptions {
  /** What the slots are for, for a person to read. */
  command: string;
}

/**
 * Takes slots for this process, waiting for them as long as the request allows; a timeout of 0 ms does not wait.
 * @returns the claim; releaseOwnClaim() ends it
 * @throws JobserverError 'no-slot', 'no-pool', 'usage' for more than the pool has, 'failed'; nothing is held then
 */
export async function acquireSlots(pool: Pool, request: SlotRequest): Promise<Claim> {
  const owner = await findSlotOwner(pool);
  checkReachable(pool, owner, request.count);
  const end = become(pool.user);
  let claim: Claim | undefined;
  try {
    claim = openClaim(pool, selfId(), owner, request.command);
    await request.revive();
    if (tryTakeSlots(claim, request.count, request.timeoutMs === 0)) return claim;
    if (request.timeoutMs === 0) throw noSlot(claim, request.count, 0);
    await waitForSlots(claim, request);
    return claim;
  } catch (error) {
    if (claim !== undefined) abandonClaim(claim);
    throw error;
  } finally {
    end();
  }
}
