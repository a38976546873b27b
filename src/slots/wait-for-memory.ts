import { Interrupted, JobserverError } from '../errors.js';
import { describePool } from '../pool/pool.js';
import { isKeeperDead } from '../pool/pool-record.js';
import { clockMs } from '../process/clock.js';
import { formatBytes, readMemory } from '../process/free-memory.js';
import { selfId } from '../process/process-table.js';
import { asUser } from '../process/user.js';
import { type Claim, recordMemory, recordWanted } from './claim.js';
import { tryGrant, type Wanted } from './grant-memory.js';
import { note, removeNotes } from './locks.js';
import { memoryQueueOf, wakeForMemory } from './memory-queue.js';
import { countUnused } from './memory-rule.js';
import { readMemoryUsers } from './memory-users.js';
import { isJob } from './slot-owner.js';
import { isSwept, sweepClaims } from './sweep-dead-claims.js';
import { type Ahead, findAheadIn, isStillAhead, listWaitingIn } from './token-queue.js';
import type { WaitOptions } from './wait-for-slots.js';
import { LONG_WAIT_MS, LOOK_INTERVAL_MS, lookDelayMs, MAX_TIMER_MS, restMs } from './wait-times.js';
import { WAKE } from './wake-waiters.js';

/** The memory that a command asks for, and who wants to know. */
export interface MemoryRequest {
  bytes: number;
  /** Whether that is for each slot. */
  perSlot: boolean;
  /** Called once, after a second. @param describe says what is waited for */
  onLongWait: (describe: () => string) => unknown;
  /** Called if it is more than there is. */
  onTooMuch: (wantedBytes: number, totalBytes: number) => unknown;
}

/** A request for slots and memory. */
interface Request extends Pick<WaitOptions, 'count' | 'timeoutMs' | 'sinceMs' | 'interrupt' | 'revive'> {
  most: number;
}

/** What a claim with memory does before and after it takes its slots. */
export interface MemoryGate {
  /** Waits until memory is reserved for the claim, which holds no slot. @throws JobserverError 'no-slot' at the timeout, Interrupted */
  wait(): Promise<void>;
  /**
   * Looks again after a wait for slots, which the claim holds now: a job that was in a slot meanwhile may have started although the
   * memory was reserved (NO_SECOND_LOOK in test/model/memory.pml).
   * @returns whether the claim still has memory; if not, it must give its slots back and wait again
   */
  confirm(): Promise<boolean>;
  /** Returns how many slots the memory is for. */
  mostSlots(): number;
  /** Gives up the memory of slots that the claim has not got. */
  settle(): void;
}

/** How soon to try again while another process decides, which takes it some milliseconds. */
const BUSY_MS = 20;

/** Makes the gate of a claim. */
export function openMemoryGate(claim: Claim, request: Request, memory: MemoryRequest): MemoryGate {
  const { pool, owner } = claim;
  const { count, timeoutMs, sinceMs, interrupt } = request;
  const queue = memoryQueueOf(owner);
  const wanted: Wanted = { ...memory, count, most: request.most };
  const wantedBytes = memory.bytes * (memory.perSlot ? count : 1);
  const describe = () => {
    const unusedBytes = asUser(pool.user, () => countUnused(readMemoryUsers(claim)));
    return `${formatBytes(readMemory().freeBytes)} free, ${formatBytes(unusedBytes)} reserved and not used yet`;
  };
  const noMemory = () => {
    const within = timeoutMs ? ` within ${timeoutMs / 1000} s` : '';
    const what = `too little memory for a job of the pool '${describePool(pool)}'${within}`;
    return new JobserverError('no-slot', `${what}: ${formatBytes(wantedBytes)} wanted, ${describe()}`);
  };
  let isRecorded = false;
  let hasLooked = false;
  const lookAfterPool = async () => {
    if (pool.record !== undefined && isKeeperDead(pool.record)) await request.revive();
    // In a queue that moves each would read the claims of all behind it.
    const others = hasLooked ? [] : listWaitingIn(queue, claim);
    if (!isSwept(pool)) asUser(pool.user, () => sweepClaims(pool, selfId(), others));
    hasLooked = true;
  };

  const waitInQueue = async () => {
    const sleeper = openSleeper();
    let ahead: Ahead | undefined;
    let isLong = false;
    try {
      interrupt.onSignal = sleeper.wake;
      asUser(pool.user, () => note(claim, 'waits', queue));
      for (const startedMs = clockMs(); ; ) {
        if (interrupt.signal !== undefined) throw new Interrupted(interrupt.signal);
        if (sleeper.isWoken() || ahead === undefined || !isStillAhead(claim, ahead)) ahead = findAheadIn(queue, claim);
        const found = ahead === undefined ? asUser(pool.user, () => tryGrant(claim, wanted, isJob(owner))) : 'no';
        if (found === 'yes') return;
        if (timeoutMs !== undefined && restMs(timeoutMs, sinceMs) === 0) throw noMemory();
        if (ahead === undefined && found === 'no') await lookAfterPool();
        const untilLong = startedMs + LONG_WAIT_MS - clockMs();
        if (untilLong <= 0 && !isLong) {
          isLong = true;
          memory.onLongWait(() => `${formatBytes(wantedBytes)} of memory: ${describe()}`);
        }
        const delayMs = found === 'busy' ? BUSY_MS : ahead === undefined ? LOOK_INTERVAL_MS : lookDelayMs(ahead.place);
        const rests = [delayMs, isLong ? delayMs : untilLong, restMs(timeoutMs ?? MAX_TIMER_MS, sinceMs)];
        await sleeper.sleep(Math.max(0, Math.min(...rests)));
      }
    } finally {
      sleeper.close();
      interrupt.onSignal = undefined;
      asUser(pool.user, () => removeNotes(claim));
    }
  };

  return {
    async wait() {
      if (!isRecorded) {
        const { totalBytes } = readMemory();
        if (wantedBytes > totalBytes) memory.onTooMuch(wantedBytes, totalBytes);
        asUser(pool.user, () => recordWanted(claim, wantedBytes));
        isRecorded = true;
      }
      const jumpsQueue = timeoutMs === 0;
      const isGranted = asUser(
        pool.user,
        () =>
          (jumpsQueue || findAheadIn(queue, claim) === undefined) && tryGrant(claim, wanted, isJob(owner)) === 'yes',
      );
      if (isGranted) return;
      if (jumpsQueue) throw noMemory();
      await waitInQueue();
    },
    async confirm() {
      // It may have got fewer slots than it wanted.
      const now = { ...wanted, count: Math.min(count, claim.held) };
      for (;;) {
        const found = asUser(pool.user, () => tryGrant(claim, now, true));
        if (found === 'yes') return true;
        if (found === 'no') break;
        await new Promise((resolve) => setTimeout(resolve, BUSY_MS));
      }
      asUser(pool.user, () => recordMemory(claim, 0));
      return false;
    },
    mostSlots: () => (memory.perSlot ? Math.round(claim.memoryBytes / memory.bytes) : request.most),
    settle() {
      const bytes = memory.bytes * claim.held;
      if (!memory.perSlot || bytes >= claim.memoryBytes) return;
      asUser(pool.user, () => {
        recordMemory(claim, bytes);
        wakeForMemory(pool);
      });
    },
  };
}

/** Sleeps until this process is woken. */
interface Sleeper {
  sleep(ms: number): Promise<void>;
  wake(): void;
  /** Returns whether it was woken since the last call. */
  isWoken(): boolean;
  close(): void;
}

function openSleeper(): Sleeper {
  let isWoken = false;
  let end: (() => void) | undefined;
  const wake = () => {
    isWoken = true;
    end?.();
  };
  process.on(WAKE, wake);
  return {
    async sleep(ms) {
      if (isWoken) return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        end = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
    },
    wake,
    isWoken() {
      const was = isWoken;
      isWoken = false;
      return was;
    },
    close: () => process.removeListener(WAKE, wake),
  };
}
