import type { Context } from '../cli/command.js';
import { ensureKeeper } from '../keeper/ensure-keeper.js';
import type { Pool } from '../pool/pool.js';
import type { Interrupt } from '../process/forward-signals.js';
import type { Wish } from '../slots/acquire.js';

/** What a command wants of a pool: slots, within so many milliseconds or for ever, for what a person reads in `command`. */
type Wanted = Pick<Wish, 'count' | 'timeout' | 'command'>;

/** @returns the wish of a command that says on a terminal that it waits, and starts a keeper where the pool's was killed */
export function makeWish(
  pool: Pool,
  wanted: Wanted,
  interrupt: Interrupt,
  { warn, isTerminal }: Pick<Context, 'warn' | 'isTerminal'>,
): Wish {
  const what = wanted.count === 1 ? 'a slot' : `${wanted.count} slots`;
  return {
    ...wanted,
    interrupt,
    onLongWait: () => isTerminal(2) && warn(`waiting for ${what}`),
    revive: () => ensureKeeper(pool, true, (doubt) => warn(`warning: the pool's keeper was killed; ${doubt}`)),
  };
}
