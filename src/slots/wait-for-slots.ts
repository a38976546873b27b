import { Interrupted, JobserverError } from '../errors.js';
import { awaitTokens, type TokenWait } from '../pool/await-token.js';
import { describePool, type Pool } from '../pool/pool.js';
import { isKeeperDead } from '../pool/pool-record.js';
import { poolIsGone } from '../pool/take-token.js';
import type { Interrupt } from '../process/forward-signals.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { selfId } from '../process/process-table.js';
import { checkReachable } from './check-reachable.js';
import { type Claim, recordToken } from './claim.js';
import { MULTI_SLOT_LOCK, note, removeNotes, slotLock } from './locks.js';
import { putToken } from './release-claim.js';
import { sweepClaims } from './sweep-dead-claims.js';
import { mayTakeTokens, tryTakeSlots } from './take-slots.js';
import { WAKE, wakeForFree } from './wake-waiters.js';

/** How long to wait, and who wants to know. */
export interface WaitOptions {
  /** How many slots the claim shall hold in the end. */
  count: number;
  /** Undefined waits for ever. */
  timeoutMs: number | undefined;
  /** Ends the wait. */
  interrupt: Interrupt;
  /** Called once, after a second. */
  onLongWait: () => unknown;
  /**
   * Gives the pool a new keeper where its own has died.
   * @throws JobserverError 'no-pool' if the pool has ended
   */
  revive: () => Promise<void>;
}

/** Milliseconds between two looks at what no event tells: dead holders and a dead keeper. */
const LOOK_EVERY = 1000;

/** The longest that a timer can be told. */
const MAX_TIMER = 0x7fff_ffff;

/**
 * Waits until the claim holds its slots, whichever kind is free first: a token wakes us through epoll, and whoever frees a
 * lock that we want by a signal. What it has taken before it throws stays in the claim, for the caller to release.
 * @throws JobserverError 'no-slot' at the timeout, 'no-pool' if the pool ends
 */
export function waitForSlots(claim: Claim, options: WaitOptions): Promise<void> {
  const { pool } = claim;
  const { count, timeoutMs, interrupt, revive } = options;
  return new Promise((resolve, reject) => {
    let tokens: TokenWait | undefined;
    let looks = 0;
    let done = false;
    let reviving = false;
    const end = (settle: () => void) => {
      if (done) return;
      done = true;
      tokens?.stop();
      process.removeListener(WAKE, tryAgain);
      clearInterval(timer);
      clearTimeout(deadline);
      interrupt.onSignal = undefined;
      try {
        removeNotes(claim);
        settle();
      } catch (error) {
        reject(error);
      }
    };
    const fail = (error: unknown) => end(() => reject(error));
    const attempt = (action: () => void) => () => {
      try {
        if (!done) action();
      } catch (error) {
        fail(error);
      }
    };
    const tryAgain = attempt(() => {
      // A lock that was freed before the note was there has told nobody.
      if (tryTakeSlots(claim, count) || (noteWaits(claim, count) && tryTakeSlots(claim, count))) end(resolve);
      else if (!reviving && pool.wakes && mayTakeTokens(claim, count)) tokens ??= awaitTokens(pool, onToken, onGone);
    });
    // Nobody has the pool open for writing: nothing will come through this description any more.
    const onGone = () => {
      tokens?.stop();
      tokens = undefined;
      if (pool.record?.namespace === pidNamespace()) goOnWithNewKeeper();
      else fail(poolIsGone(pool));
    };
    const goOnWithNewKeeper = () => {
      if (done || reviving) return;
      reviving = true;
      revive().then(() => {
        reviving = false;
        tryAgain();
      }, fail);
    };
    const onToken = (byte: number) => {
      // It can come in the same turn in which the wait ended.
      if (done) {
        tryPutToken(pool, byte);
        return false;
      }
      attempt(() => recordToken(claim, byte))();
      tryAgain();
      return !done;
    };
    const look = attempt(() => {
      if (looks++ === 1) options.onLongWait();
      if (pool.record !== undefined && isKeeperDead(pool.record)) goOnWithNewKeeper();
      else {
        sweepClaims(pool, selfId());
        checkReachable(pool, claim.owner, count);
        // Where there is a keeper it does that for all.
        if (pool.record === undefined) wakeForFree(pool);
        tryAgain();
      }
    });
    const onSignal = (signal: NodeJS.Signals) => fail(new Interrupted(signal));

    process.on(WAKE, tryAgain);
    const timer = setInterval(look, LOOK_EVERY);
    const deadline =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => fail(noSlot(claim, count, timeoutMs)), Math.min(timeoutMs, MAX_TIMER));
    interrupt.onSignal = onSignal;
    if (interrupt.signal !== undefined) onSignal(interrupt.signal);
    look();
  });
}

/** @returns the error for a claim that did not get its slots in time; timeoutMs is 0 for no wait at all */
export function noSlot({ pool, held }: Claim, count: number, timeoutMs: number): JobserverError {
  const wanted = count === 1 ? 'no slot' : `only ${held} of ${count} slots`;
  const within = timeoutMs === 0 ? '' : ` within ${timeoutMs / 1000} s`;
  return new JobserverError('no-slot', `${wanted} free in the pool '${describePool(pool)}'${within}`);
}

function tryPutToken(pool: Pool, byte: number): void {
  try {
    putToken(pool, byte);
  } catch {
    // Nobody waits for this one's word any more; the keeper makes good for it.
  }
}

/** Notes which lock the claim waits for now. @returns whether that is news */
function noteWaits(claim: Claim, count: number): boolean {
  if (count > 1 && !claim.hasMultiSlotLock) return note(claim, 'waits', MULTI_SLOT_LOCK);
  if (claim.owner === undefined || claim.implicit) return false;
  return note(claim, 'waits', slotLock(claim.owner));
}
