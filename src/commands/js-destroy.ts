import type { Command, Context } from '../cli/command.js';
import { LOOKUP_OPTIONS, lookupOf } from '../cli/pool-options.js';
import { JobserverError } from '../errors.js';
import { requirePool } from '../pool/find-pool.js';
import { listStateRoots } from '../pool/state-folder.js';

export const command: Command = {
  name: 'js-destroy',
  summary: 'End a jobserver that js-create made, and remove its FIFO and its state.',
  operands: '',
  options: [
    ...LOOKUP_OPTIONS,
    { name: 'stale', help: 'remove and list what killed pools left behind; pools in use are not touched' },
  ],
  main,
};

async function main({ args, env, flags, parent, print, report }: Context): Promise<number> {
  // Loaded late (src/build/build.sh).
  const { destroyPool, sweepStale } = await import('../keeper/index.js');
  if (args.has('stale')) {
    if (args.value('fifo') !== undefined) throw new JobserverError('usage', '--stale cannot be combined with --fifo');
    const sweeps = listStateRoots(env).map(sweepStale);
    const failures = sweeps.flatMap((sweep) => sweep.failures);
    for (const what of sweeps.flatMap(({ removed }) => removed)) print(`removed ${what}\n`);
    for (const why of failures) report(why);
    return failures.length === 0 ? 0 : 1;
  }
  await destroyPool(requirePool({ ...lookupOf({ args, env, flags, parent }), allowAbandoned: true }));
  return 0;
}
