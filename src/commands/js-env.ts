import type { Command, Context } from '../cli/command.js';
import { JOIN_OPTIONS, LOOKUP_OPTIONS, lookupOf, parseJoinWish } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { leaveEnvironment } from '../jobs/join.js';
import { formatReport, isFine, reportPool } from '../jobs/pool-report.js';
import { formatChanges, formatJoin } from '../jobs/shell-code.js';
import { ensureKeeper } from '../keeper/ensure-keeper.js';
import { requirePool } from '../pool/find-pool.js';
import { ensureStateRoot } from '../pool/state-folder.js';
import { findReadingShell } from '../slots/caller.js';

export const command: Command = {
  name: 'js-env',
  summary: 'Print shell code that joins a jobserver that exists, or that hides it: eval "$(js-env)".',
  operands: '',
  options: [
    { name: 'sh', help: 'for sh, bash, dash, ksh and zsh (the default)' },
    { name: 'check', help: 'say which pool this is, and which tools on PATH would stay within it; exit 1 if not all' },
    { name: 'json', help: 'with --check: as JSON' },
    { name: 'strip', help: 'print code that hides the pool and keeps all other flags of make' },
    ...JOIN_OPTIONS,
    ...LOOKUP_OPTIONS,
  ],
  printsCode: (_, words) => !words.includes('--check') && !words.includes('--json'),
  main,
};

async function main({ args, env, parent, print }: Context): Promise<number> {
  if (args.operands.length > 0) throw new JobserverError('usage', `unexpected '${args.operands[0]}'`);
  const wish = parseJoinWish(args);
  if (args.has('json') && !args.has('check')) throw new JobserverError('usage', '--json goes with --check');
  if (args.has('strip')) {
    print(formatChanges(leaveEnvironment(env), env));
    return 0;
  }
  const lookup = lookupOf({ args, env, parent });
  const pool = requirePool(lookup);
  await ensureKeeper(pool);
  if (args.has('check')) {
    const report = await reportPool(pool, lookup, ensureStateRoot(env));
    print(
      args.has('json') ? `${JSON.stringify({ ...report, fine: isFine(report) }, null, 2)}\n` : formatReport(report),
    );
    return isFine(report) ? 0 : 1;
  }
  print(await formatJoin(pool, wish, findReadingShell(parent), env, ensureStateRoot(env)));
  return 0;
}
