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
  /** How many slots the claim is to hold in the end. */
  count: number;
  /** Undefined waits for ever. */
  timeoutMs: number | undefined;
  /** Ends the wait. */
  interrupt: Interrupt;
  /** Called once, after a second. */
  onLongWait: () => unknown;
  /**
   * Gives the pool another keeper if its own has died.
   * @throws JobserverError 'no-pool' if the pool has ended
   */
  revive: () => Promise<void>;
}

/** How often a waiter looks for what wakes nobody: dead holders and a dead keeper. */
const LOOK_INTERVAL_MS = 1000;

/** The longest time that setTimeout() can wait. */
const MAX_TIMER_MS = 0x7fff_ffff;

/**
 * Waits until the claim holds its slots, of whichever kind is free first: a token wakes us through epoll, a process that frees a
 * lock that we want by a signal. What was taken before this throws stays in the claim, for the caller to release.
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
      // A process that freed the lock before the note was there has not woken us.
      if (tryTakeSlots(claim, count) || (noteWantedLock(claim, count) && tryTakeSlots(claim, count))) end(resolve);
      else if (!reviving && pool.wakes && mayTakeTokens(claim, count)) tokens ??= awaitTokens(pool, onToken, onGone);
    });
    // Nobody has the pool open for writing: nothing will arrive through this description any more.
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
      // A token can arrive in the same turn in which the wait ended (PROTOCOL 34).
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
        // If there is a keeper, it does that for all.
        if (pool.record === undefined) wakeForFree(pool);
        tryAgain();
      }
    });
    const onSignal = (signal: NodeJS.Signals) => fail(new Interrupted(signal));

    process.on(WAKE, tryAgain);
    const timer = setInterval(look, LOOK_INTERVAL_MS);
    const deadline =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => fail(noSlot(claim, count, timeoutMs)), Math.min(timeoutMs, MAX_TIMER_MS));
    interrupt.onSignal = onSignal;
    if (interrupt.signal !== undefined) onSignal(interrupt.signal);
    look();
  });
}

/** Returns the error for a claim that did not get its slots in time; timeoutMs is 0 for no wait at all. */
export function noSlot({ pool, held }: Claim, count: number, timeoutMs: number): JobserverError {
  const wanted = count === 1 ? 'no slot' : `only ${held} of ${count} slots`;
  const within = timeoutMs === 0 ? '' : ` within ${timeoutMs / 1000} s`;
  return new JobserverError('no-slot', `${wanted} free in the pool '${describePool(pool)}'${within}`);
}

function tryPutToken(pool: Pool, byte: number): void {
  try {
    putToken(pool, byte);
  } catch {
    // The wait has ended, so there is nobody to say it to; the keeper puts in another token.
  }
}

/** Notes which lock the claim waits for now. @returns whether the note is new */
function noteWantedLock(claim: Claim, count: number): boolean {
  if (count > 1 && !claim.hasMultiSlotLock) return note(claim, 'waits', MULTI_SLOT_LOCK);
  if (claim.owner === undefined || claim.implicit) return false;
  return note(claim, 'waits', slotLock(claim.owner));
}
