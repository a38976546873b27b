import type { Command, Context } from '../cli/command.js';
import { LOOKUP_OPTIONS, lookupOf } from '../cli/pool-options.js';
import { ensureKeeper } from '../keeper/ensure-keeper.js';
import { requirePool } from '../pool/find-pool.js';
import { selfId } from '../process/process-table.js';
import { findCallingShell } from '../slots/calling-shell.js';
import { isHandedTo, isHandle, listClaims } from '../slots/read-claim.js';
import { releaseClaim } from '../slots/release-claim.js';

export const command: Command = {
  name: 'js-release',
  summary: 'Return slots that js-acquire took: those of the given handles, or all that the calling shell holds.',
  operands: '[HANDLE]...',
  options: LOOKUP_OPTIONS,
  main,
};

async function main({ args, env, flags, parent, report }: Context): Promise<number> {
  const pool = requirePool(lookupOf({ args, env, flags, parent }));
  await ensureKeeper(pool);
  if (args.operands.length === 0) {
    const shell = findCallingShell(parent);
    for (const id of listClaims(pool))
      if (shell !== undefined && isHandedTo(shell, id)) releaseClaim(pool, id, selfId());
    return 0;
  }
  let status = 0;
  for (const handle of args.operands) {
    // A name without a hyphen is the claim of a js-run, which returns its slots itself.
    if (isHandle(handle) && releaseClaim(pool, handle, selfId())) continue;
    report(`no slot is held under the handle '${handle}': it was already returned, or belongs to another pool`);
    status = 1;
  }
  return status;
}
