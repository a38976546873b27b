import { nameTaker } from '../pool/claim-name.js';
import { closePool, type Pool } from '../pool/pool.js';
import { clockMs } from '../process/clock.js';
import { selfId } from '../process/process-table.js';
import { acquireSlotsAs, type SlotRequest } from '../slots/acquire-slots.js';
import type { Claim } from '../slots/claim.js';
import { watchSlot } from '../slots/exchange-token.js';
import { releaseOwnClaim } from '../slots/release-claim.js';
import { findSlotOwner } from '../slots/slot-owner.js';

/** Takes slots of a pool for jobs that run side by side, each with a claim of its own. */
export interface SlotSource {
  /** Takes the slots of one job. @throws as acquireSlots(); Interrupted by the interrupt of the request */
  take(command: string): Promise<Claim>;
  /** Returns a job's slots. @throws as releaseOwnClaim() */
  release(claim: Claim): void;
  /** Must be called when no more slots are needed. */
  close(): void;
}

/** How often is looked whether the pool has its keeper, while jobs are started without a wait. */
const REVIVE_INTERVAL_MS = 1000;

/** How often is looked whether a job with a token can have the implicit slot instead, if nobody waits for that. */
const EXCHANGE_INTERVAL_MS = 100;

/** After how long without a job the pool is closed, if it can be found again. */
const IDLE_MS = 1000;

/**
 * @param pool the pool
 * @param find opens it again. A process that has a pool of somebody else's open for long and has no claim in it could hold tokens
 *   that nobody knows of, so that the keeper must not replace lost ones. Undefined for a pool of our own.
 * @param request what each claim asks for
 */
export async function openSlotSource(
  pool: Pool,
  find: (() => Pool) | undefined,
  request: (pool: Pool) => Omit<SlotRequest, 'command'>,
): Promise<SlotSource> {
  const owner = await findSlotOwner(pool);
  let open: Pool | undefined = pool;
  let usedAt = clockMs();
  const held = new Set<Claim>();
  let revivedAt = -Infinity;
  let isTaking = false;
  let watched: { claim: Claim; stop: () => void } | undefined;
  const endWatch = () => {
    watched?.stop();
    watched = undefined;
  };
  // The implicit slot is for one job only, and a job that is about to start is to have it. So it is not exchanged at once.
  const timer = setInterval(() => {
    if (isTaking || held.size > 0) usedAt = clockMs();
    if (find !== undefined && open !== undefined && clockMs() - usedAt > IDLE_MS) {
      closePool(open);
      open = undefined;
    }
    if (owner === undefined || isTaking || watched !== undefined) return;
    const claims = [...held];
    const [claim] = claims;
    if (claim !== undefined && !claims.some(({ implicit }) => implicit)) watched = { claim, stop: watchSlot(claim) };
  }, EXCHANGE_INTERVAL_MS);
  return {
    async take(command) {
      const target = open ?? find?.() ?? pool;
      open = target;
      isTaking = true;
      const wanted = { ...request(target), command };
      // It is asked for once before a wait, and during a wait only if the keeper is dead.
      let mayOmit = clockMs() - revivedAt < REVIVE_INTERVAL_MS;
      const revive = async () => {
        if (!mayOmit) await wanted.revive();
        if (!mayOmit) revivedAt = clockMs();
        mayOmit = false;
      };
      try {
        const claim = await acquireSlotsAs(nameTaker(selfId()), owner, target, { ...wanted, revive });
        held.add(claim);
        return claim;
      } finally {
        isTaking = false;
      }
    },
    release(claim) {
      held.delete(claim);
      if (watched?.claim === claim) endWatch();
      releaseOwnClaim(claim);
    },
    close() {
      clearInterval(timer);
      endWatch();
    },
  };
}
