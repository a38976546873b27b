import type { Command, Context } from '../cli/command.js';
import { LOOKUP_OPTIONS, lookupOf } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { destroyPool } from '../keeper/own-pool.js';
import { requirePool } from '../pool/find-pool.js';

export const command: Command = {
  name: 'js-destroy',
  summary: 'End a jobserver that js-create made: its keeper, its FIFO and its state.',
  operands: '',
  options: LOOKUP_OPTIONS,
  main,
};

async function main({ args, env, parent }: Context): Promise<number> {
  if (args.operands.length > 0) throw new JobserverError('usage', `unexpected '${args.operands[0]}'`);
  await destroyPool(requirePool({ ...lookupOf({ args, env, parent }), dead: true }));
  return 0;
}
