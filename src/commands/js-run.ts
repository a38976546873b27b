import type { Command, Context } from '../cli/command.js';
import {
  COUNT_OPTIONS,
  JOIN_OPTIONS,
  LOOKUP_OPTIONS,
  lookupOf,
  MEMORY_OPTIONS,
  parseJoinOptions,
  parseMemory,
  parseSlots,
  parseTimeoutMs,
  RUN_OPTIONS,
  WAIT_OPTIONS,
} from '../cli/pool-options.js';
import type { EnvChanges } from '../environment.js';
import { isJobserverError, JobserverError } from '../errors.js';
import { leaveEnvironment } from '../jobs/child-environment.js';
import { fillCount, setNamed } from '../jobs/job-count-variables.js';
import type { JoinOptions } from '../jobs/join-options.js';
import { tryRecordJob, tryRecordPoolJob } from '../jobs/record-job.js';
import { runAndCleanUp } from '../jobs/run-and-clean-up.js';
import { type MemoryWanted, makeRequest, type SlotRange } from '../jobs/slot-request.js';
import { startInPool } from '../jobs/start-in-pool.js';
import { type Job, startJob, warnOfMangled, withoutPair } from '../jobs/start-job.js';
import { findPool, requirePool } from '../pool/find-pool.js';
import type { Pool } from '../pool/pool.js';
import { ensureStateRoot } from '../pool/state-folder.js';
import { countProcessors } from '../process/count-processors.js';
import type { ProgramEnd } from '../process/exit.js';
import { findFileLimit } from '../process/file-limit.js';
import { type SignalWatch, watchSignals } from '../process/forward-signals.js';
import { listInherited } from '../process/own-descriptors.js';
import { selfId } from '../process/process-table.js';
import type { Running } from '../process/run-program.js';
import { isDryRun } from '../protocol/makeflags.js';
import { acquireSlots } from '../slots/acquire-slots.js';
import { watchSlot } from '../slots/exchange-token.js';
import { releaseOwnClaim } from '../slots/release-claim.js';
import { findTool, MAKE } from '../tools/table.js';

export const command: Command = {
  name: 'js-run',
  summary: 'Wait for a slot of the jobserver, run a command in it, and return the slot.',
  operands: '[--] COMMAND [ARG]...',
  failure: 125,
  options: [
    ...WAIT_OPTIONS,
    ...MEMORY_OPTIONS,
    { name: 'require', help: 'exit with status 69 if there is no pool, instead of running the command without a slot' },
    { name: 'fit', help: "lower the command's own -jN to the number of free slots, instead of warning about it" },
    { name: 'ignore-dry-run', help: 'run the command even under make -n, -q and -t' },
    ...COUNT_OPTIONS,
    ...JOIN_OPTIONS,
    ...LOOKUP_OPTIONS,
    ...RUN_OPTIONS,
  ],
  main,
};

async function main(context: Context): Promise<ProgramEnd> {
  const { args, env, flags, parent, status } = context;
  const [inherited, fileLimit] = [listInherited(parent), findFileLimit(parent)];
  const job: Job = { words: args.operands, env, flags, inherited, fileLimit, status };
  const options = {
    slots: parseSlots(args),
    timeoutMs: parseTimeoutMs(args),
    memory: parseMemory(args),
    join: parseJoinOptions(args),
  };
  const [program] = job.words;
  if (program === undefined) throw new JobserverError('usage', 'no command given');
  // A make reads the flag itself, and must run for make -n to print anything.
  if (isDryRun(flags) && !args.has('ignore-dry-run') && findTool(program) !== MAKE) {
    const { quote } = await import('shell-quote');
    context.print(`${quote([...job.words])}\n`);
    return 0;
  }
  warnOfMangled(env, context.warn);
  const found = findPoolOrWarn(context);
  const signals = watchSignals();
  try {
    if (found === undefined || isJobserverError(found)) {
      const leave = found === undefined ? {} : leaveEnvironment(flags);
      return await startOutside(job, leave, options, signals).ended;
    }
    return await runInSlots(found, options, withoutPair(job, found), context, signals);
  } finally {
    await signals.endJob();
  }
}

/** Finds the pool. If it cannot be joined, warns and returns the error: the command runs all the same, as below make. */
function findPoolOrWarn({ args, env, flags, parent, warn }: Context): Pool | JobserverError | undefined {
  try {
    const lookup = lookupOf({ args, env, flags, parent });
    return args.has('require') ? requirePool(lookup) : findPool(lookup);
  } catch (error) {
    const optional = args.value('fifo') === undefined && !args.has('require');
    if (!isJobserverError(error) || error.kind !== 'no-pool' || !optional) throw error;
    warn(`warning: ${error.message}; running the command without a slot`);
    return error;
  }
}

/** Starts the command outside any pool, with the number of slots that it would have at most if the machine were all its own. */
function startOutside(job: Job, leave: EnvChanges, { slots, join }: RunOptions, signals: SignalWatch): Running {
  if (join.countVariables === undefined) return startJob(job, leave, signals);
  const { count } = countProcessors(job.env);
  const most = slots === 'all' ? count : Math.max(slots.least, Math.min(slots.most, count));
  return startJob(fillCount(job, join, most), { ...leave, ...setNamed(most, join) }, signals);
}

interface RunOptions {
  slots: SlotRange;
  /** Undefined waits forever. */
  timeoutMs: number | undefined;
  memory: MemoryWanted | undefined;
  join: JoinOptions;
}

async function runInSlots(
  pool: Pool,
  { slots: range, timeoutMs, memory, join }: RunOptions,
  job: Job,
  context: Context,
  signals: SignalWatch,
): Promise<ProgramEnd> {
  const { env, warn } = context;
  const root = ensureStateRoot(env);
  const wanted = { slots: range, timeoutMs, memory, command: job.words.join(' ') };
  const claim = await acquireSlots(pool, makeRequest(pool, wanted, signals.interrupt, context));
  const slots = claim.held;
  // A job of several slots gets a pool of just these: whatever it does with that, they go back. Loaded late (src/build/build.sh).
  const keeper = slots > 1 && !join.share ? await import('../keeper/index.js') : undefined;
  const stopWatching = watchSlot(claim);
  let own: Pool | undefined;
  return runAndCleanUp(
    async () => {
      own = await keeper?.createPool({ jobs: slots, session: selfId(), owner: selfId() }, root);
      const running = await startInPool(
        fillCount(job, join, slots),
        { pool: own ?? pool, options: join, slots, slotsPerProgram: slots, claim },
        signals,
        warn,
      );
      tryRecordJob(claim, running.pid);
      if (own !== undefined) tryRecordPoolJob(own, running.pid);
      return running.ended;
    },
    // What we fail to return, a sweeper returns after our end.
    [async () => own && keeper?.destroyPool(own), stopWatching, () => releaseOwnClaim(claim)],
    warn,
  );
}
