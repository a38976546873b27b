import type { Taker } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { clockMs } from '../process/clock.js';
import { selfId } from '../process/process-table.js';
import { asUser } from '../process/user.js';
import { checkKept, checkReachable } from './check-reachable.js';
import { type Claim, openClaim } from './claim.js';
import { letOthersCount } from './count-tokens.js';
import { giveBackSlots } from './give-back.js';
import { abandonClaim } from './release-claim.js';
import { findSlotOwner, type SlotOwner } from './slot-owner.js';
import { takeMore, tryTakeSlots } from './take-slots.js';
import { isAnyWaiting } from './token-queue.js';
import { traceBegin, traceTimeUs } from './trace.js';
import type { MemoryGate, MemoryRequest } from './wait-for-memory.js';
import { noSlot, type WaitOptions, waitForSlots } from './wait-for-slots.js';

/** The slots that a command asks a pool for. */
export interface SlotRequest extends WaitOptions {
  /** How many it may hold, if more are free when it has these and nobody waits for them. */
  most: number;
  /** What the slots are for, for a person to read. */
  command: string;
  /** The trace in which its job is to be; undefined for none. */
  trace: string | undefined;
  /** Called if that cannot be written. */
  onNoTrace: (error: unknown) => unknown;
  /** Undefined asks for no memory. */
  memory: MemoryRequest | undefined;
}

/**
 * Takes slots for this process, waiting for them as long as the request allows; a timeout of 0 ms does not wait.
 * @returns the claim; releaseOwnClaim() ends it
 * @throws JobserverError 'no-slot', 'no-pool', 'usage' for more than the pool has, 'failed'; nothing is held then
 */
export const acquireSlots = async (pool: Pool, request: SlotRequest): Promise<Claim> =>
  acquireSlotsAs(selfId(), await findSlotOwner(pool), pool, request);

function tryTraceBegin(claim: Claim, { trace, command, onNoTrace }: SlotRequest, askedUs: number): void {
  if (trace === undefined) return;
  try {
    asUser(claim.pool.user, () => traceBegin(claim, trace, command, askedUs));
  } catch (error) {
    onNoTrace(error);
  }
}

/** Takes what is free now, once more if it was perhaps only being counted. */
function tryTake(claim: Claim, { count, timeoutMs }: SlotRequest): boolean {
  const { pool } = claim;
  const hasAll = () => asUser(pool.user, () => tryTakeSlots(claim, count, timeoutMs === 0));
  if (hasAll()) return true;
  if (timeoutMs !== 0 || pool.record === undefined) return false;
  letOthersCount(pool);
  return hasAll();
}

/** Does what acquireSlots() does, for a process that takes slots for several jobs. @param owner as findSlotOwner() returned it */
export async function acquireSlotsAs(
  taker: Taker,
  owner: SlotOwner | undefined,
  pool: Pool,
  asked: SlotRequest,
): Promise<Claim> {
  const request = { ...asked, sinceMs: clockMs() };
  checkReachable(pool, owner, request.count);
  const askedUs = request.trace === undefined ? 0 : traceTimeUs();
  const claim = asUser(pool.user, () => openClaim(pool, taker, owner, request.command));
  try {
    await request.revive();
    const memory = request.memory && (await openGate(claim, request, request.memory));
    for (let isConfirmed = false; !isConfirmed; ) {
      await memory?.wait();
      const hasWaited = await takeSlots(claim, request);
      isConfirmed = !hasWaited || memory === undefined || (await memory.confirm());
      if (!isConfirmed) asUser(pool.user, () => giveBackSlots(claim));
    }
    const most = memory?.mostSlots() ?? request.most;
    if (most > claim.held && !isAnyWaiting(claim)) takeMore(claim, most);
    memory?.settle();
    tryTraceBegin(claim, request, askedUs);
    return claim;
  } catch (error) {
    abandonClaim(claim);
    throw error;
  }
}

/** Takes a claim's slots, and waits for them if it may. @returns whether it did */
async function takeSlots(claim: Claim, request: SlotRequest): Promise<boolean> {
  const { pool, owner } = claim;
  // Not during a wait: then this process may have other things to do.
  if (tryTake(claim, request)) return false;
  if (request.timeoutMs === undefined) checkKept(pool, owner, request.count);
  if (request.timeoutMs === 0) throw noSlot(claim, request.count, 0);
  await waitForSlots(claim, request);
  return true;
}

async function openGate(claim: Claim, request: SlotRequest, memory: MemoryRequest): Promise<MemoryGate> {
  // Loaded late (src/build/build.sh).
  const { openMemoryGate } = await import('../slots/wait-for-memory.js');
  return openMemoryGate(claim, request, memory);
}
