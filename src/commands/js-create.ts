import { resolve } from 'node:path';
import type { Command, Context } from '../cli/command.js';
import { parseMode, parseProcess } from '../cli/parse-values.js';
import { chooseJobs, fitJobsToMemory, JOIN_OPTIONS, parseJoinOptions, RUN_OPTIONS } from '../cli/pool-options.js';
import { attempt, Interrupted, JobserverError } from '../errors.js';
import { fifoOf } from '../jobs/child-environment.js';
import { formatJsonJoin } from '../jobs/format-json.js';
import { formatJoin } from '../jobs/format-shell-code.js';
import { tryRecordPoolJob } from '../jobs/record-job.js';
import { requireOutput } from '../jobs/require-output.js';
import { runAndCleanUp } from '../jobs/run-and-clean-up.js';
import { startInPool } from '../jobs/start-in-pool.js';
import { warnOfMangled } from '../jobs/start-job.js';
import { ensureStateRoot, listStateRoots } from '../pool/state-folder.js';
import type { ProgramEnd } from '../process/exit.js';
import { findFileLimit } from '../process/file-limit.js';
import { watchSignals } from '../process/forward-signals.js';
import { listInherited } from '../process/own-descriptors.js';
import { type ProcessId, selfId } from '../process/process-table.js';
import { findReadingShell } from '../slots/calling-shell.js';
import { createTrace } from '../slots/trace.js';

export const command: Command = {
  name: 'js-create',
  summary: 'Make a jobserver for N jobs, either for the calling shell with eval "$(js-create)" or for one command.',
  operands: '[-- COMMAND [ARG]...]',
  options: [
    { name: 'jobs', short: 'j', value: 'N', help: 'how many jobs may run at once (default: the processors available)' },
    {
      name: 'memory-per-job',
      value: 'SIZE',
      help: 'lower N to as many jobs of SIZE (2G, 10%) as free memory suffices for',
    },
    { name: 'fifo', value: 'PATH', help: 'where to make the FIFO (default: in a private folder)' },
    { name: 'mode', value: 'MODE', help: "the FIFO's mode (default 0600)" },
    {
      name: 'owner',
      value: 'PID',
      help: 'end the pool when this process ends; with none, keep it (default: the calling shell)',
    },
    { name: 'all-tokens', help: 'put N tokens in instead of N-1, for a session that runs no job itself' },
    {
      name: 'trace',
      value: 'FILE',
      help: 'write a trace of all jobs and waits, for Perfetto and js-status --timeline',
    },
    { name: 'json', help: 'print JSON instead of shell code, for a program that sets its own environment' },
    ...JOIN_OPTIONS,
    { name: 'verbose', short: 'v', help: 'report how N was chosen, and which leftovers of killed pools were removed' },
    ...RUN_OPTIONS,
  ],
  printsCode: (args, words) =>
    !words.includes('--json') && (args === undefined ? !words.includes('--') : args.operands.length === 0),
  main,
};

async function main(context: Context): Promise<ProgramEnd> {
  const { args, env, flags, parent, print, report, warn, status } = context;
  if (args.has('quiet') && args.has('verbose'))
    throw new JobserverError('usage', '--quiet cannot be combined with --verbose');
  const inherited = listInherited(parent);
  const fileLimit = findFileLimit(parent);
  const { jobs, reason } = fitJobsToMemory(chooseJobs(context), args);
  if (args.has('verbose')) report(`N is ${jobs}: ${reason}`);
  const options = parseJoinOptions(args);
  const mode = parseMode('--mode', args.value('mode') ?? '0600');
  const forCommand = args.operands.length > 0;
  const asJson = args.has('json');
  if (forCommand && asJson) throw new JobserverError('usage', '--json cannot be combined with a COMMAND');
  if (!forCommand && status !== undefined) throw new JobserverError('usage', '--status-fd requires a COMMAND');
  const caller = forCommand ? selfId() : findReadingShell(parent);
  if (!forCommand) requireOutput(parent);
  const owner = chooseOwner(args.value('owner'), caller);
  const session = args.has('all-tokens') ? null : (caller ?? owner);
  const root = ensureStateRoot(env);
  // Loaded late (src/build/build.sh).
  const { createPool, destroyPool, sweepStale } = await import('../keeper/index.js');
  for (const { removed, failures } of listStateRoots(env).map(sweepStale)) {
    if (!args.has('verbose')) continue;
    for (const what of [...removed.map((thing) => `removed ${thing}`), ...failures]) report(what);
  }
  const signals = watchSignals();
  if (forCommand) warnOfMangled(env, warn);
  const file = args.value('trace');
  const trace = file === undefined ? undefined : resolve(file);
  if (trace !== undefined) attempt('write', trace, () => createTrace(trace, jobs));
  const pool = await createPool({ jobs, session, owner, mode, fifo: args.value('fifo'), trace }, root);
  if (!forCommand) {
    try {
      if (signals.interrupt.signal !== undefined) throw new Interrupted(signals.interrupt.signal);
      const format = asJson ? formatJsonJoin : formatJoin;
      print(await format(pool, options, caller, { env, flags }));
    } catch (error) {
      // A pool that nobody knows would stay as long as its owner. This error says more than one about its removal.
      await destroyPool(pool).catch(() => {});
      throw error;
    }
    if (!asJson && context.isTerminal(1))
      warn(`this shell has not joined the pool; to join it, run eval "$(js-env --fifo ${fifoOf(pool)})"`);
    return 0;
  }
  const job = { words: args.operands, env, flags, inherited, fileLimit, status };
  return runAndCleanUp(
    async () => {
      const running = await startInPool(job, { pool, options, slots: jobs, slotsPerProgram: 1 }, signals, warn);
      tryRecordPoolJob(pool, running.pid);
      return running.ended;
    },
    [() => destroyPool(pool), () => signals.endJob()],
    warn,
  );
}

/** Chooses the process that the pool ends with, null for none. */
function chooseOwner(text: string | undefined, caller: ProcessId | undefined): ProcessId | null {
  if (text === 'none') return null;
  if (text !== undefined) return parseProcess('--owner', text);
  if (caller === undefined) {
    throw new JobserverError('failed', 'the calling shell has ended; name an owner with --owner PID or --owner none');
  }
  return caller;
}
