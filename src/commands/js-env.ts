import { checkPool, checkWithoutPool, isFine } from '../check/check-pool.js';
import { formatReport, formatWithoutPool } from '../check/format-report.js';
import type { Command, Context } from '../cli/command.js';
import { JOIN_OPTIONS, LOOKUP_OPTIONS, lookupOf, parseJoinOptions } from '../cli/pool-options.js';
import { leaveEnvironment } from '../jobs/child-environment.js';
import { formatJsonChanges, formatJsonJoin } from '../jobs/format-json.js';
import { formatChanges, formatJoin } from '../jobs/format-shell-code.js';
import { ensureKeeper } from '../keeper/ensure-keeper.js';
import { findPool, requirePool } from '../pool/find-pool.js';
import { ensureStateRoot } from '../pool/state-folder.js';
import { findReadingShell } from '../slots/calling-shell.js';

export const command: Command = {
  name: 'js-env',
  summary: 'Print shell code that joins an existing jobserver or hides it: eval "$(js-env)".',
  operands: '',
  options: [
    { name: 'sh', help: 'print code for sh, bash, dash, ksh and zsh (the default)' },
    {
      name: 'check',
      help: 'report which pool this is and which tools on PATH would stay within it; exit 1 on any problem',
    },
    {
      name: 'json',
      help: 'print JSON: the report of --check, or the changes for a program that sets its own environment',
    },
    { name: 'strip', help: 'print code that hides the pool but keeps all other flags of make' },
    ...JOIN_OPTIONS,
    ...LOOKUP_OPTIONS,
  ],
  printsCode: (_, words) => !words.includes('--check') && !words.includes('--json'),
  main,
};

async function main({ args, env, flags, parent, print }: Context): Promise<number> {
  const options = parseJoinOptions(args);
  const asJson = args.has('json');
  if (args.has('strip')) {
    print((asJson ? formatJsonChanges : formatChanges)(leaveEnvironment(flags), env));
    return 0;
  }
  const lookup = lookupOf({ args, env, flags, parent });
  const found = findPool(lookup);
  if (args.has('check') && found === undefined) {
    const report = await checkWithoutPool(env, ensureStateRoot(env));
    print(asJson ? `${JSON.stringify({ pool: null, ...report, fine: false }, null, 2)}\n` : formatWithoutPool(report));
  }
  const pool = found ?? requirePool(lookup);
  await ensureKeeper(pool);
  if (args.has('check')) {
    const report = await checkPool(pool, lookup);
    print(asJson ? `${JSON.stringify({ ...report, fine: isFine(report) }, null, 2)}\n` : formatReport(report));
    return isFine(report) ? 0 : 1;
  }
  const format = asJson ? formatJsonJoin : formatJoin;
  print(await format(pool, options, findReadingShell(parent), { env, flags }));
  return 0;
}
