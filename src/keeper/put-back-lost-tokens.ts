import { fstatSync, readSync, writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { MOST_JOBS } from '../pool/limits.js';
import type { Pool } from '../pool/pool.js';
import { listClaims } from '../slots/read-claim.js';
import { countHeld, type HeldTokens } from './count-held-tokens.js';
import { findStranger, type Stranger } from './find-stranger.js';

/** What it takes to tell that tokens are lost, and to put them back. */
export interface Repair {
  /** Looks once; to be called every second. @returns how many tokens it put in, or took out if less than 0 */
  look(): number;
  /** Makes good at once, as for a pool that was without a keeper. @returns as look(); undefined where it could not be told */
  fill(): number | undefined;
  /** @returns whether the last one was sure of all: of a process that runs, or just returns a slot, one token may be on its way */
  isSure(): boolean;
  /** @returns who keeps it from being told, as of the last look */
  stranger(): Stranger | undefined;
}

/** What the keeper knows of its pool. */
export interface Kept {
  pool: Pool;
  /** The keeper's descriptor, open for reading and writing and O_NONBLOCK. */
  fifo: number;
  /** How many tokens there are when all are there. */
  tokens: number;
  /** @returns the pids that may have the FIFO open and hold no token */
  exempt: () => readonly number[];
}

/** How many looks may pass between two that search all processes: five seconds is the promise. */
const LOOKS_BETWEEN = 3;

/** The same where the FIFO's times say that nobody used it: a file system that is mounted noatime does not tell of reads. */
const LOOKS_AT_REST = 300;

/** Milliseconds: longer than the tick that the times of files are rounded to. */
const TICK = 20;

/**
 * Clients that are killed keep their tokens, and make 4.4.1 does also on INT and TERM (PROTOCOL 23). What is missing is
 * provable only if nobody can hold a token that is not written down: no process but the keeper, the session's own shell
 * and our own commands has the FIFO open.
 */
export function makeRepair(kept: Kept): Repair {
  const { pool, fifo, tokens } = kept;
  const steady = makeSteadiness();
  const count = () => countHeld(pool, steady);
  let clean = '';
  let looks = 0;
  let sure = false;
  let stranger: Stranger | undefined;
  const fill = () => {
    sure = false;
    const before = timesOf(fifo);
    // A write that comes now could leave the same time.
    if (Math.abs(Date.now() - before.written) < TICK) return undefined;
    const expected = count();
    const found = drain(fifo);
    const drained = timesOf(fifo);
    if (expected?.unsure === 0 && found === tokens - expected.tokens) {
      // Nothing is missing. The pool was empty for no longer than it takes to see that: who will not wait finds no slot then.
      if (found > 0) writeSync(fifo, '+'.repeat(found));
      clean = stampOf(kept, drained.atime);
      sure = true;
      return 0;
    }
    // Nobody can take a token now. As long as none is put in either, what is seen of processes and claims holds together.
    const held = findAnyStranger(kept) === undefined ? count() : undefined;
    const proven = held !== undefined && timesOf(fifo).mtime === before.mtime;
    const right = proven ? rightCount(tokens - held.tokens, held.unsure, found) : found;
    if (right > 0) writeSync(fifo, '+'.repeat(right));
    if (!proven || (held.unsure > 0 && right === found)) return undefined;
    // Who reads between this write and the next line leaves another time of reading.
    sure = held.unsure === 0;
    if (sure) clean = stampOf(kept, drained.atime);
    return right - found;
  };
  return {
    look() {
      looks++;
      if (looks % LOOKS_BETWEEN !== 0) return 0;
      if (looks < LOOKS_AT_REST && stampOf(kept) === clean) return 0;
      looks = 0;
      // While jobs run it matters only to who waits: it waits in vain where not all tokens are held.
      const held = count();
      if (held === undefined || (held.claims > 0 && !isWanted(held, tokens))) return 0;
      stranger = findAnyStranger(kept);
      if (stranger !== undefined) return 0;
      const put = fill();
      // Just then somebody came or went.
      if (put === undefined) looks = LOOKS_BETWEEN - 1;
      return put ?? 0;
    },
    fill,
    isSure: () => sure,
    stranger: () => stranger,
  };
}

/** @returns whether somebody waits although not all tokens are held */
const isWanted = (held: HeldTokens, tokens: number): boolean => held.waiting && held.tokens + held.unsure < tokens;

/** Where it is not sure who holds what none is taken out, and rather too few are put in. */
const rightCount = (missing: number, unsure: number, found: number): number =>
  unsure === 0 ? Math.max(0, missing) : Math.max(found, missing - unsure);

/** @returns who may hold tokens that are not written down, so that what is missing cannot be told (see findStranger) */
export const findAnyStranger = ({ pool, fifo, exempt }: Kept): Stranger | undefined =>
  findStranger(pool, fifo, exempt());

/** Milliseconds for which a claim has to look the same to be steady: more than it takes to write a line. */
const STEADY = 900;

/** @returns what says whether it was asked the same that long ago, and ever since */
function makeSteadiness(): (look: string) => boolean {
  const first = new Map<string, { since: number; last: number }>();
  return (look) => {
    const now = performance.now();
    for (const [old, { last }] of first) if (now - last > 10 * STEADY) first.delete(old);
    const known = first.get(look);
    first.set(look, { since: known?.since ?? now, last: now });
    return known !== undefined && now - known.since > STEADY;
  };
}

/** Every read and write of a FIFO leaves its time; `written` is in milliseconds. */
function timesOf(fifo: number): { atime: bigint; mtime: bigint; written: number } {
  const { atimeNs, mtimeNs, mtimeMs } = fstatSync(fifo, { bigint: true });
  return { atime: atimeNs, mtime: mtimeNs, written: Number(mtimeMs) };
}

/** @returns what stays the same as long as nobody takes or returns a slot */
function stampOf({ pool, fifo }: Kept, readAt?: bigint): string {
  const { atime, mtime } = timesOf(fifo);
  return [readAt ?? atime, mtime, ...listClaims(pool)].join();
}

/** @returns how many tokens there were */
function drain(fifo: number): number {
  try {
    return readSync(fifo, Buffer.alloc(16 * MOST_JOBS));
  } catch (error) {
    if (errorCode(error) === 'EAGAIN') return 0;
    throw error;
  }
}
