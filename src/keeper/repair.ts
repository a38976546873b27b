import { fstatSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { MOST_JOBS } from '../pool/limits.js';
import type { Pool } from '../pool/pool.js';
import { listClaims } from '../slots/claim.js';
import { countHeld, type HeldTokens, isOnlyOurs } from './held-tokens.js';

/** What it takes to tell that tokens are lost, and to put them back. */
export interface Repair {
  /** Looks once; to be called every second. @returns how many tokens it put in, or took out if less than 0 */
  look(): number;
  /**
   * Fills a pool whose keeper died: where nobody had it open its content is gone.
   * @param before what was proven before this keeper opened it
   * @returns as look()
   */
  refill(before: HeldTokens | undefined): number;
}

/** What the keeper knows of its pool. */
export interface Kept {
  pool: Pool;
  /** The keeper's descriptor, open for reading and writing and O_NONBLOCK. */
  fifo: number;
  /** How many tokens there are when all are there. */
  tokens: number;
  /** The pids that may have the FIFO open and hold no token. */
  exempt: readonly number[];
}

/** How many looks may pass between two that search all processes: five seconds is the promise. */
const LOOKS_BETWEEN = 3;

/**
 * Clients that are killed keep their tokens, and make 4.4.1 does also on INT and TERM (PROTOCOL 23). What is missing is
 * provable only where nobody can hold a token that is not written down: no process but the keeper, the session's own shell
 * and the holders of claims has the FIFO open.
 */
export function makeRepair(kept: Kept): Repair {
  const { pool, fifo, tokens } = kept;
  let clean = fingerprint(kept);
  let looks = 0;
  const fill = (before: HeldTokens | undefined, proveAgain: () => HeldTokens | undefined) => {
    if (before === undefined) return 0;
    const found = drain(fifo);
    // Who came meanwhile may have taken one of them.
    const proven = proveAgain()?.stamp === before.stamp;
    const right = proven ? Math.max(0, tokens - before.count) : found;
    if (right > 0) writeSync(fifo, '+'.repeat(right));
    if (!proven) return 0;
    clean = fingerprint(kept);
    return right - found;
  };
  return {
    look() {
      if (fingerprint(kept) === clean || ++looks < LOOKS_BETWEEN) return 0;
      looks = 0;
      // While jobs run it matters only to who waits: it waits in vain where not all tokens are held.
      const held = countHeld(pool);
      const isWanted = held?.stamp === '' || (held?.waiting && held.count < tokens);
      return isWanted ? fill(proveHeld(kept), () => proveHeld(kept)) : 0;
    },
    // Once it is open again, a make that hung at its start may have it open too, but there was nothing that it could take.
    refill: (before) => fill(before, () => countHeld(pool)),
  };
}

/**
 * @returns the tokens outside the pool, where all of them are known; undefined where somebody may hold one that is not
 *   written down
 */
export function proveHeld({ pool, fifo, exempt }: Pick<Kept, 'pool' | 'fifo' | 'exempt'>): HeldTokens | undefined {
  // Whoever else may open it may also be hidden from us.
  const isPrivate = (fstatSync(fifo).mode & 0o077) === 0;
  if (!isPrivate || !isOnlyOurs(pool, readlinkSync(`/proc/self/fd/${fifo}`), exempt)) return undefined;
  return countHeld(pool);
}

/** Every read and write of a FIFO leaves its time. */
function fingerprint({ pool, fifo }: Kept): string {
  const { atimeNs, mtimeNs } = fstatSync(fifo, { bigint: true });
  return [atimeNs, mtimeNs, ...listClaims(pool)].join();
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
