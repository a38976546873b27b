import type { Env } from '../environment.js';
import { JobserverError, reasonOf, type Warn } from '../errors.js';
import { ensureKeeper } from '../keeper/ensure-keeper.js';
import { describePool, type Pool } from '../pool/pool.js';
import type { Interrupt } from '../process/forward-signals.js';
import { formatBytes } from '../process/free-memory.js';
import type { SlotRequest } from '../slots/acquire-slots.js';
import { TRACE_VARIABLE } from '../slots/trace.js';
import type { MemoryRequest } from '../slots/wait-for-memory.js';

/** How many slots a command wants: `least`, and up to `most` if they are free then; or all that the pool has. */
export type SlotRange = { least: number; most: number } | 'all';

/** What a command wants of a pool: how many slots, within what time, and for what. */
interface Wanted extends Pick<SlotRequest, 'timeoutMs' | 'command'> {
  slots: SlotRange;
  /** Undefined asks for none. */
  memory: MemoryWanted | undefined;
}

/** How much memory a command wants to be free. */
export type MemoryWanted = Pick<MemoryRequest, 'bytes' | 'perSlot'>;

/** How it speaks to the user. */
interface Messages {
  env: Env;
  warn: Warn;
  isTerminal(fd: 2): boolean;
}

/**
 * Makes the request of a command that says on a terminal that it waits, and starts a new keeper if the pool's was killed.
 * @throws JobserverError 'usage' if all slots are wanted of a pool that does not say how many it has
 */
export function makeRequest(
  pool: Pool,
  { slots, memory, ...wanted }: Wanted,
  interrupt: Interrupt,
  { env, warn, isTerminal }: Messages,
): SlotRequest {
  const { least: count, most } = slots === 'all' ? allOf(pool) : slots;
  const what = count === 1 ? 'a slot' : `${count} slots`;
  return {
    ...wanted,
    count,
    most: Math.min(most, pool.jobs ?? most),
    memory: memory && {
      ...memory,
      onLongWait: (describe) => isTerminal(2) && warn(`waiting for ${describe()}`),
      onTooMuch: (wantedBytes, totalBytes) =>
        warn(
          `warning: ${formatBytes(wantedBytes)} of memory is more than the ${formatBytes(totalBytes)} that there is; the job starts when no other one with --memory runs`,
        ),
    },
    interrupt,
    trace: pool.record === undefined ? env[TRACE_VARIABLE] || undefined : pool.record.trace,
    onNoTrace: (error) => warn(`warning: cannot write the trace: ${reasonOf(error)}`),
    onLongWait: () => isTerminal(2) && warn(`waiting for ${what}`),
    onFewer: (held) =>
      warn(`warning: all slots are held by jobs that wait for more; taking ${held} instead of ${count}`),
    revive: () => ensureKeeper(pool, true, (doubt) => warn(`warning: the pool's keeper was killed; ${doubt}`)),
  };
}

function allOf(pool: Pool): { least: number; most: number } {
  const { jobs } = pool;
  if (jobs !== undefined) return { least: jobs, most: jobs };
  const unknown = `the pool '${describePool(pool)}' does not say how many slots it has`;
  throw new JobserverError('usage', `cannot take all slots: ${unknown}; give their number with -n`);
}
