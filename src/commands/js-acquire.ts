import type { Command, Context } from '../cli/command.js';
import { parseProcess } from '../cli/parse-values.js';
import {
  LOOKUP_OPTIONS,
  lookupOf,
  MEMORY_OPTIONS,
  parseMemory,
  parseSlots,
  parseTimeoutMs,
  WAIT_OPTIONS,
} from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { requireOutput } from '../jobs/require-output.js';
import { makeRequest } from '../jobs/slot-request.js';
import { requirePool } from '../pool/find-pool.js';
import type { ProgramEnd } from '../process/exit.js';
import { watchSignals } from '../process/forward-signals.js';
import { acquireSlots } from '../slots/acquire-slots.js';
import { findReadingShell } from '../slots/calling-shell.js';
import { handOver } from '../slots/claim.js';
import { abandonClaim } from '../slots/release-claim.js';

export const command: Command = {
  name: 'js-acquire',
  summary: 'Take slots of the jobserver for the calling shell and print a handle for js-release.',
  operands: '',
  options: [
    ...WAIT_OPTIONS,
    ...MEMORY_OPTIONS,
    { name: 'owner', value: 'PID', help: 'hold the slots for this process (default: the calling shell)' },
    ...LOOKUP_OPTIONS,
  ],
  main,
};

async function main({ args, env, flags, parent, print, warn, isTerminal }: Context): Promise<ProgramEnd> {
  const slots = parseSlots(args);
  const timeoutMs = parseTimeoutMs(args);
  const memory = parseMemory(args);
  const owner = args.value('owner');
  const holder = owner === undefined ? findReadingShell(parent) : parseProcess('--owner', owner);
  if (holder === undefined)
    throw new JobserverError('failed', 'the calling shell has ended; name a holder with --owner PID');
  requireOutput(parent);
  const pool = requirePool(lookupOf({ args, env, flags, parent }));
  const signals = watchSignals();
  const wanted = { slots, timeoutMs, memory, command: 'js-acquire' };
  const claim = await acquireSlots(pool, makeRequest(pool, wanted, signals.interrupt, { env, warn, isTerminal }));
  try {
    print(`${handOver(claim, holder)}\n`);
    return 0;
  } catch (error) {
    // Without the handle nobody could return the slots.
    abandonClaim(claim);
    throw error;
  }
}
