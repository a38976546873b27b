import { fstatSync, readdirSync, readlinkSync, readSync, writeSync } from 'node:fs';
import { errorCode } from '../errors.js';
import { MOST_JOBS } from '../pool/limits.js';
import { listDescriptors, readDescriptor } from '../process/process-table.js';

/** What it takes to tell that tokens are lost, and to put them back. */
export interface Repair {
  /** Looks once; to be called every second. @returns how many tokens it put in, or took out if less than 0 */
  look(): number;
}

/** How many looks may pass between two that search all processes: five seconds is the promise. */
const LOOKS_BETWEEN = 3;

/**
 * Clients that are killed keep their tokens, and make 4.4.1 does also on INT and TERM (PROTOCOL 23). What is missing is
 * provable only where nobody can hold a token: no claim is there, and no process but the keeper and the session's own shell
 * has the FIFO open.
 * @param fifo the keeper's descriptor, open for reading and writing and O_NONBLOCK
 * @param tokens how many there are when all are there
 * @param exempt the pids that may have the FIFO open
 * @param hasClaims says whether any claim is there
 */
export function makeRepair(fifo: number, tokens: number, exempt: readonly number[], hasClaims: () => boolean): Repair {
  const link = readlinkSync(`/proc/self/fd/${fifo}`);
  // Whoever else may open it may also be hidden from us.
  const isPrivate = (fstatSync(fifo).mode & 0o077) === 0;
  const isUsed = () => hasClaims() || isOpenElsewhere(link, exempt);
  let clean = fingerprint(fifo);
  let dirty = false;
  let looks = 0;
  return {
    look() {
      const claimed = hasClaims();
      dirty ||= claimed || fingerprint(fifo) !== clean;
      if (!dirty || claimed || !isPrivate || ++looks < LOOKS_BETWEEN) return 0;
      looks = 0;
      if (isUsed()) return 0;
      const found = drain(fifo);
      // Who came meanwhile may have taken one of them.
      const proven = !isUsed();
      const right = proven ? tokens : found;
      if (right > 0) writeSync(fifo, '+'.repeat(right));
      if (!proven) return 0;
      clean = fingerprint(fifo);
      dirty = false;
      return tokens - found;
    },
  };
}

/** Every read and write of a FIFO leaves its time. */
function fingerprint(fifo: number): string {
  const { atimeNs, mtimeNs } = fstatSync(fifo, { bigint: true });
  return `${atimeNs} ${mtimeNs}`;
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

function isOpenElsewhere(link: string, exempt: readonly number[]): boolean {
  return readdirSync('/proc').some((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || exempt.includes(pid)) return false;
    return listDescriptors(pid).some((fd) => readDescriptor(pid, fd) === link);
  });
}
