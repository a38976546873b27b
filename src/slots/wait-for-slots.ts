import { Interrupted, JobserverError } from '../errors.js';
import { awaitTokens, type TokenWait } from '../pool/await-token.js';
import { describePool, type Pool } from '../pool/pool.js';
import { isKeeperDead } from '../pool/pool-record.js';
import { poolIsGone } from '../pool/take-token.js';
import type { Interrupt } from '../process/forward-signals.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { selfId } from '../process/process-table.js';
import { asUser } from '../process/user.js';
import { checkReachable } from './check-reachable.js';
import { type Claim, recordToken } from './claim.js';
import { MULTI_SLOT_LOCK, note, removeNotes, slotLock } from './locks.js';
import { putToken } from './release-claim.js';
import { isJob } from './slot-owner.js';
import { findOneToSettle, isStalled, mayBeStalled } from './stalled-slots.js';
import { isSwept, sweepClaims } from './sweep-dead-claims.js';
import { leaveTurnTo, settleForHeld, tryTakeSlots } from './take-slots.js';
import { type Ahead, findAhead, isStillAhead, listWaiting, queueOf, wakeCollector } from './token-queue.js';
import { LONG_WAIT_MS, LOOK_INTERVAL_MS, lookDelayMs, MAX_TIMER_MS, restMs } from './wait-times.js';
import { WAKE, wakeForFree } from './wake-waiters.js';

/** How long to wait, and who wants to know. */
export interface WaitOptions {
  /** How many slots the claim is to hold in the end, at least. */
  count: number;
  /** Undefined waits for ever. */
  timeoutMs: number | undefined;
  /** When it began, by clockMs(), if before the call. */
  sinceMs?: number | undefined;
  /** Ends the wait. */
  interrupt: Interrupt;
  /** Called once, after a second. */
  onLongWait: () => unknown;
  /** Called if the claim ends with fewer slots than asked for, because nobody could have given it more. */
  onFewer: (held: number) => unknown;
  /**
   * Gives the pool another keeper if its own has died.
   * @throws JobserverError 'no-pool' if the pool has ended
   */
  revive: () => Promise<void>;
}

/**
 * Waits until the claim holds its slots, of whichever kind is free first: a token wakes us through epoll, a process that frees a
 * lock that we want by a signal. What was taken before this throws stays in the claim, for the caller to release.
 * @throws JobserverError 'no-slot' at the timeout, 'no-pool' if the pool ends
 */
export function waitForSlots(claim: Claim, options: WaitOptions): Promise<void> {
  const { pool } = claim;
  const { count, timeoutMs, sinceMs, interrupt, revive } = options;
  return new Promise((resolve, reject) => {
    let tokens: TokenWait | undefined;
    let ahead: Ahead | undefined;
    let nextLook: NodeJS.Timeout | undefined;
    let lookedAt = performance.now();
    let hasLooked = false;
    let done = false;
    let reviving = false;
    const end = (settle: () => void) => {
      if (done) return;
      done = true;
      tokens?.stop();
      process.removeListener(WAKE, onWake);
      for (const timer of [nextLook, longWait, deadline]) clearTimeout(timer);
      interrupt.onSignal = undefined;
      try {
        asUser(pool.user, () => removeNotes(claim));
        settle();
      } catch (error) {
        reject(error);
      }
    };
    const fail = (error: unknown) => end(() => reject(error));
    const attempt = (action: () => void) => () => {
      try {
        if (!done) asUser(pool.user, action);
      } catch (error) {
        fail(error);
      }
    };
    const tryAgain = attempt(() => {
      // First the notes: a process that freed a lock before they were there has not woken us.
      noteWantedLocks(claim, count);
      if (tryTakeSlots(claim, count) || (noteWantedLocks(claim, count) && tryTakeSlots(claim, count)))
        return end(resolve);
      const wasBehind = ahead !== undefined;
      ahead = findAhead(claim, count);
      if (ahead !== undefined) return;
      if (wasBehind) lookLater();
      const mayRead = count === 1 || claim.hasMultiSlotLock;
      if (!reviving && pool.wakes && mayRead) tokens ??= awaitTokens(pool, onToken, onGone);
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
        asUser(pool.user, () => tryPutToken(pool, byte));
        return false;
      }
      attempt(() => recordToken(claim, byte))();
      tryAgain();
      return !done;
    };
    const look = attempt(() => {
      if (ahead !== undefined && !isStillAhead(claim, ahead)) ahead = findAhead(claim, count);
      if (ahead !== undefined) {
        // A token that is there shows that the first does not act, as in a frozen cgroup.
        if (tryTakeSlots(claim, count, true)) end(resolve);
        return settleIfStalled();
      }
      lookedAt = performance.now();
      checkReachable(pool, claim.owner, count);
      if (pool.record !== undefined && isKeeperDead(pool.record)) return goOnWithNewKeeper();
      if (!isSwept(pool)) {
        // In a queue that moves each would read the claims of all behind it, which hold nothing.
        sweepClaims(pool, selfId(), hasLooked ? [] : listWaiting(claim, count));
        hasLooked = true;
        wakeForFree(pool);
      }
      tryAgain();
      settleIfStalled();
    });
    const settleIfStalled = () => {
      // Who gives up after a time wants all or none.
      if (done || timeoutMs !== undefined || !claim.hasMultiSlotLock || !isStalled(pool)) return;
      // What ran may have ended since the last try.
      if (tryTakeSlots(claim, count, true)) return end(resolve);
      if (claim.held > 0) {
        settleForHeld(claim);
        options.onFewer(claim.held);
        end(resolve);
      } else {
        const other = findOneToSettle(pool);
        if (other === undefined) return;
        // A token that it took now would be missing to the other one.
        tokens?.stop();
        tokens = undefined;
        leaveTurnTo(claim, other);
      }
    };
    const onWake = attempt(() => {
      tryAgain();
      if (claim.hasMultiSlotLock && mayBeStalled(pool)) settleIfStalled();
    });
    const lookLater = () => {
      clearTimeout(nextLook);
      if (done) return;
      // In a queue that moves nobody is the first for long: what is due is done at once.
      const due = ahead === undefined ? lookedAt + LOOK_INTERVAL_MS - performance.now() : undefined;
      // Who collects several slots looks whether any can come at all.
      const place = claim.hasMultiSlotLock ? 0 : (ahead?.place ?? 0);
      const delayMs = due ?? lookDelayMs(place);
      nextLook = setTimeout(
        () => {
          look();
          lookLater();
        },
        Math.max(0, delayMs),
      );
    };
    const onSignal = (signal: NodeJS.Signals) => fail(new Interrupted(signal));

    process.on(WAKE, onWake);
    const longWait = setTimeout(attempt(options.onLongWait), LONG_WAIT_MS);
    const deadline =
      timeoutMs === undefined
        ? undefined
        : setTimeout(() => fail(noSlot(claim, count, timeoutMs)), Math.min(restMs(timeoutMs, sinceMs), MAX_TIMER_MS));
    interrupt.onSignal = onSignal;
    if (interrupt.signal !== undefined) onSignal(interrupt.signal);
    tryAgain();
    if (!done && ahead === undefined) look();
    // With the slot in which this process runs, all may be those of processes that wait.
    if (!done && ahead !== undefined && isJob(claim.owner) && mayBeStalled(pool)) wakeCollector(claim);
    lookLater();
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

/** Notes which locks the claim waits for now. @returns whether a note is new */
function noteWantedLocks(claim: Claim, count: number): boolean {
  const { owner, implicit } = claim;
  // Also while it has that lock, so that it can be found.
  const locks = count > 1 ? [MULTI_SLOT_LOCK] : [];
  if (count === 1 || claim.hasMultiSlotLock) {
    locks.push(...[queueOf(claim, count) ?? []].flat());
    if (owner !== undefined && !implicit) locks.push(slotLock(owner));
  }
  return locks.map((lock) => note(claim, 'waits', lock)).includes(true);
}
