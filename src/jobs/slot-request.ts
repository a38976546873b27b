import type { Warn } from '../errors.js';
import { ensureKeeper } from '../keeper/ensure-keeper.js';
import type { Pool } from '../pool/pool.js';
import type { Interrupt } from '../process/forward-signals.js';
import type { SlotRequest } from '../slots/acquire-slots.js';

/** What a command wants of a pool: how many slots, within what time, and for what. */
type Wanted = Pick<SlotRequest, 'count' | 'timeoutMs' | 'command'>;

/** How it speaks to the user. */
interface Messages {
  warn: Warn;
  isTerminal(fd: 2): boolean;
}

/** Makes the request of a command that says on a terminal that it waits, and starts a new keeper if the pool's was killed. */
export function makeRequest(
  pool: Pool,
  wanted: Wanted,
  interrupt: Interrupt,
  { warn, isTerminal }: Messages,
): SlotRequest {
  const what = wanted.count === 1 ? 'a slot' : `${wanted.count} slots`;
  return {
    ...wanted,
    interrupt,
    onLongWait: () => isTerminal(2) && warn(`waiting for ${what}`),
    revive: () => ensureKeeper(pool, true, (doubt) => warn(`warning: the pool's keeper was killed; ${doubt}`)),
  };
}
