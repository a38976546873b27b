import { fstatSync, readSync, writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { MOST_JOBS } from '../pool/most-jobs.js';
import type { Pool } from '../pool/pool.js';
import { listClaims } from '../slots/read-claim.js';
import { countHeld, type HeldTokens } from './count-held-tokens.js';
import { findStranger, type Stranger } from './find-stranger.js';

/** Finds out which tokens are lost, and puts them back. */
export interface Repair {
  /** Looks once, if it is time to; to be called every second. @returns how many tokens it put in, or took out if less than 0 */
  look(): number;
  /** Puts in what is missing now, as for a pool that was without a keeper. @returns as look(); undefined if that is not known */
  fill(): number | undefined;
  /** Returns whether the last fill() knew where every token is: one of a process that runs may be on its way. */
  isSure(): boolean;
  /** Returns the process because of which the last look() could not know what is lost. */
  stranger(): Stranger | undefined;
}

/** What the keeper knows of its pool. */
export interface Kept {
  pool: Pool;
  /** The keeper's descriptor, open for reading and writing and O_NONBLOCK. */
  fifo: number;
  /** How many tokens are in it if nobody holds one. */
  tokens: number;
}

/** Every how many looks all processes are searched: lost tokens are back within five seconds. */
const LOOKS_PER_SEARCH = 3;

/** The same if the FIFO's times say that nobody has used it: on a file system that is mounted noatime reads leave no time. */
const LOOKS_PER_SEARCH_AT_REST = 300;

/** Longer than the tick that the times of files are rounded to. */
const FILE_TIME_TICK_MS = 20;

/**
 * Makes what repairs a pool. Clients that are killed keep their tokens, and make 4.4.1 does so on INT and TERM, too (PROTOCOL 23).
 * What is missing is provable only if nobody can hold a token that no claim records: no process but the keeper, the session's
 * own shell and our own commands has the FIFO open. docs/ARCHITECTURE.md says why it drains, looks and refills; fill() is `top_up`
 * in test/model/slots.pml, where each step that is left out or moved (NO_SECOND_LOOK, NO_MTIME, LOOK_BEFORE_DRAIN, LATE_FINGERPRINT)
 * makes a job too many, or loses a token.
 */
export function makeRepair(kept: Kept): Repair {
  const { pool, fifo, tokens } = kept;
  const isSteady = makeSteadinessCheck();
  const count = () => countHeld(pool, isSteady);
  let cleanStamp = '';
  let looks = 0;
  let sure = false;
  let stranger: Stranger | undefined;
  const fill = () => {
    sure = false;
    const before = timesOf(fifo);
    // A write that comes now could leave the same time.
    if (Math.abs(Date.now() - before.writtenMs) < FILE_TIME_TICK_MS) return undefined;
    const expected = count();
    const found = drain(fifo);
    const drained = timesOf(fifo);
    if (expected?.unsure === 0 && found === tokens - expected.tokens) {
      // Nothing is missing. The pool was empty only as long as it takes to see that: a command that does not wait finds no slot then.
      if (found > 0) writeSync(fifo, '+'.repeat(found));
      cleanStamp = stampOf(kept, drained.atime);
      sure = true;
      return 0;
    }
    // Nobody can take a token now. As long as none is put in either, what is seen of processes and claims belongs together.
    const held = findStranger(pool, fifo) === undefined ? count() : undefined;
    const proven = held !== undefined && timesOf(fifo).mtime === before.mtime;
    const right = proven ? rightCount(tokens - held.tokens, held.unsure, found) : found;
    if (right > 0) writeSync(fifo, '+'.repeat(right));
    if (!proven || (held.unsure > 0 && right === found)) return undefined;
    // A read between this write and the next line leaves another time of reading.
    sure = held.unsure === 0;
    if (sure) cleanStamp = stampOf(kept, drained.atime);
    return right - found;
  };
  return {
    look() {
      looks++;
      if (looks % LOOKS_PER_SEARCH !== 0) return 0;
      if (looks < LOOKS_PER_SEARCH_AT_REST && stampOf(kept) === cleanStamp) return 0;
      looks = 0;
      // While jobs run a lost token matters only to a claim that waits: it waits in vain if not all tokens are held.
      const held = count();
      if (held === undefined || (held.claims > 0 && !isWanted(held, tokens))) return 0;
      stranger = findStranger(pool, fifo);
      if (stranger !== undefined) return 0;
      const put = fill();
      // Just then a process came or went.
      if (put === undefined) looks = LOOKS_PER_SEARCH - 1;
      return put ?? 0;
    },
    fill,
    isSure: () => sure,
    stranger: () => stranger,
  };
}

/** Returns whether a claim waits although not all tokens are held. */
const isWanted = (held: HeldTokens, tokens: number): boolean => held.waiting && held.tokens + held.unsure < tokens;

/** Returns how many tokens belong in the pool; if it is not sure who holds what, none is taken out, and at most too few put in. */
const rightCount = (missing: number, unsure: number, found: number): number =>
  unsure === 0 ? Math.max(0, missing) : Math.max(found, missing - unsure);

/** How long a claim has to look the same to be steady: more than it takes to write a line. */
const STEADY_MS = 900;

/** Returns a function that says whether it was given the same text that long ago, and ever since. */
function makeSteadinessCheck(): (look: string) => boolean {
  const first = new Map<string, { since: number; last: number }>();
  return (look) => {
    const now = performance.now();
    for (const [old, { last }] of first) if (now - last > 10 * STEADY_MS) first.delete(old);
    const known = first.get(look);
    first.set(look, { since: known?.since ?? now, last: now });
    return known !== undefined && now - known.since > STEADY_MS;
  };
}

/** Returns when the FIFO was last read (atime) and written, in nanoseconds and `writtenMs` in milliseconds. */
function timesOf(fifo: number): { atime: bigint; mtime: bigint; writtenMs: number } {
  const { atimeNs, mtimeNs, mtimeMs } = fstatSync(fifo, { bigint: true });
  return { atime: atimeNs, mtime: mtimeNs, writtenMs: Number(mtimeMs) };
}

/** Returns a text that stays the same as long as nobody takes or returns a slot. */
function stampOf({ pool, fifo }: Kept, readAt?: bigint): string {
  const { atime, mtime } = timesOf(fifo);
  return [readAt ?? atime, mtime, ...listClaims(pool)].join();
}

/** Reads the FIFO empty. @returns how many tokens there were */
function drain(fifo: number): number {
  try {
    return readSync(fifo, Buffer.alloc(16 * MOST_JOBS));
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return 0;
    throw error;
  }
}
