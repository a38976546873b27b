import { type Command, type Context, FIFO_OPTION } from '../cli/command.js';
import { AUTH_OPTION, parseAuthChoice } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { leaveEnvironment } from '../jobs/join.js';
import { formatJoin } from '../jobs/shell-code.js';
import { requirePool } from '../pool/find-pool.js';
import { stateRoot } from '../pool/state-folder.js';
import { formatSh } from '../shell/sh.js';
import { findCallingShell } from '../slots/caller.js';

export const command: Command = {
  name: 'js-env',
  summary: 'Print shell code that joins a jobserver that exists, or that hides it: eval "$(js-env)".',
  operands: '',
  options: [
    { name: 'sh', help: 'for sh, bash, dash, ksh and zsh (the default)' },
    { name: 'strip', help: 'print code that hides the pool and keeps all other flags of make' },
    AUTH_OPTION,
    FIFO_OPTION,
  ],
  main,
};

async function main({ args, env, parent, print }: Context): Promise<number> {
  if (args.operands.length > 0) throw new JobserverError('usage', `unexpected '${args.operands[0]}'`);
  const choice = parseAuthChoice(args);
  if (args.has('strip')) {
    print(formatSh(leaveEnvironment(env)));
    return 0;
  }
  const pool = requirePool({ env, parent, fifo: args.value('fifo') });
  print(await formatJoin(pool, choice, findCallingShell(parent), env, stateRoot(env)));
  return 0;
}
