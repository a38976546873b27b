import { isJobserverError, reasonOf } from '../errors.js';
import { clockMs } from '../process/clock.js';
import { killTree } from '../process/kill-tree.js';
import type { Claim } from '../slots/claim.js';
import { MAX_TIMER_MS } from '../slots/wait-times.js';
import { decideHalt } from './halt-rule.js';
import type { JobEnd, JobSpec } from './job-end.js';
import type { OutputFiles } from './output-files.js';
import type { Outcome, Plan, StartedJob, Stop } from './plan.js';
import type { PrintedJob } from './print-job.js';
import { makePrinter } from './print-outputs.js';
import { OutputClosed } from './write-all.js';

/** How a job is ended that does not end by itself: signals, and how many milliseconds after the first (as GNU parallel does). */
const END_SEQUENCE: readonly [NodeJS.Signals, number][] = [
  ['SIGTERM', 0],
  ['SIGTERM', 200],
  ['SIGTERM', 300],
  ['SIGKILL', 350],
];

/** A job that runs. */
interface Active extends StartedJob {
  spec: JobSpec;
  files: OutputFiles | undefined;
  startedMs: number;
  since: number;
  timers: NodeJS.Timeout[];
  timedOut: boolean;
}

/**
 * Runs all jobs of a plan, each in slots of its own, which are taken only when the job is there to run.
 * @returns what came of them, when all that were started have ended and all output is printed
 */
export async function runJobs(plan: Plan): Promise<Outcome> {
  const { jobs, most, slots, interrupt, signals } = plan;
  const active = new Set<Active>();
  const again: { spec: JobSpec; tries: number }[] = [];
  const places = new Set<number>();
  const outcome: Outcome = { running: 0, isWaiting: false, done: 0, failed: 0, started: 0, cut: 0, stop: undefined };
  let succeeded = 0;
  let next: JobSpec | undefined;
  let read = 0;
  let isReading = false;
  let isAllRead = false;
  let starting = 0;
  /** Jobs whose slots are not back or whose end is not counted yet, those that run and start among them. */
  let unsettled = 0;
  let isCutting = false;
  let wake: (() => void) | undefined;

  const change = () => {
    plan.onProgress(outcome);
    wake?.();
  };
  const stopFor = (stop: Stop) => {
    if (outcome.stop !== undefined && !(stop.isNow && !outcome.stop.isNow)) return;
    outcome.stop ??= stop;
    isCutting ||= stop.isNow || stop.why === 'signal';
    if (stop.isNow) for (const job of active) endJob(job);
    // It only ends the wait for slots.
    interrupt.signal ??= 'SIGTERM';
    interrupt.onSignal?.(interrupt.signal);
    change();
  };
  const endJob = (job: Active) => {
    for (const [signal, delayMs] of END_SEQUENCE) {
      if (delayMs === 0) killTree(job.running, signal);
      else job.timers.push(setTimeout(() => killTree(job.running, signal), delayMs));
    }
  };
  const stopForSignal = (signal: NodeJS.Signals) => stopFor({ why: 'signal', signal, isNow: false });
  signals.interrupt.onSignal = stopForSignal;
  if (signals.interrupt.signal !== undefined) stopForSignal(signals.interrupt.signal);
  const printer = makePrinter(plan.print, (error) => {
    if (error !== undefined) stopFor(whyOf(error));
    change();
  });

  const readNext = async () => {
    isReading = true;
    try {
      const { done, value } = await jobs.next();
      if (done === true) isAllRead = true;
      else {
        next = value;
        read++;
      }
    } catch (error) {
      isAllRead = true;
      stopFor({ why: 'error', error, isNow: false });
    } finally {
      isReading = false;
      change();
    }
  };

  const takePlace = (): number => {
    let place = 1;
    while (places.has(place)) place++;
    places.add(place);
    return place;
  };

  const launch = async (
    spec: JobSpec,
    files: OutputFiles | undefined,
    place: number,
    claim: Claim | undefined,
  ): Promise<Active> => {
    const [startedMs, since] = [Date.now(), clockMs()];
    const started = await plan.start(spec, place, files, claim);
    return { ...started, spec, files, startedMs, since, timers: [], timedOut: false };
  };

  const awaitEnd = async (job: Active, tries: number): Promise<JobEnd> => {
    const onTimeout = () => {
      job.timedOut = true;
      endJob(job);
    };
    if (plan.timeoutMs !== undefined) job.timers.push(setTimeout(onTimeout, Math.min(plan.timeoutMs, MAX_TIMER_MS)));
    const end = await job.running.ended.catch((error: unknown) => {
      const survived = plan.survive(error);
      if (survived === undefined) throw error;
      return survived;
    });
    const { spec, words, timedOut, startedMs, since, files } = job;
    return { spec, words, end, timedOut, tries, startedMs, seconds: (clockMs() - since) / 1000, files };
  };

  const runOne = async (spec: JobSpec, tries: number, claim: Claim | undefined) => {
    const place = takePlace();
    let job: Active | undefined;
    let ended: JobEnd | undefined;
    let printed: PrintedJob | undefined;
    try {
      printed = { number: spec.number, files: plan.openFiles(), tag: plan.tagOf(spec) };
      // Before the job is started, because that may take longer than with the next one, and the order is that of these calls.
      printer.begin(printed);
      job = await launch(spec, printed.files, place, claim);
      if (tries === 1) outcome.started++;
      starting--;
      active.add(job);
      outcome.running = active.size;
      // The others were ended while this one was about to start.
      if (outcome.stop?.isNow) endJob(job);
      change();
      ended = await awaitEnd(job, tries);
    } finally {
      if (job === undefined) starting--;
      for (const timer of job?.timers ?? []) clearTimeout(timer);
      if (job !== undefined) active.delete(job);
      outcome.running = active.size;
      places.delete(place);
      try {
        await job?.cleanUp();
        if (claim !== undefined) slots?.release(claim);
      } catch (error) {
        // What we fail to return, a sweeper returns after our end.
        plan.warn(isJobserverError(error) ? error.message : reasonOf(error));
      }
      if (printed !== undefined && ended === undefined) printer.drop(printed);
    }
    if (ended !== undefined && printed !== undefined) settle(ended, printed);
  };

  /** Does with a job that has ended what there is to do, when its slots are back. */
  const settle = (ended: JobEnd, printed: PrintedJob) => {
    const { spec, end, timedOut, tries } = ended;
    const hasFailed = end !== 0 || timedOut;
    if (hasFailed && isCutting) {
      printer.drop(printed);
      outcome.cut++;
      return;
    }
    if (hasFailed && tries < plan.tries && outcome.stop === undefined) {
      printer.drop(printed);
      again.push({ spec, tries });
      return;
    }
    outcome.done++;
    if (hasFailed) outcome.failed++;
    else succeeded++;
    plan.onEnd(ended);
    printer.end({ ...printed, record: plan.recordOf?.(ended) });
    const { halt } = plan;
    const status = halt && decideHalt(halt, { ...outcome, succeeded, total: isAllRead ? read : plan.total }, end);
    if (halt !== undefined && status !== undefined)
      stopFor({ why: 'halt', status, isNow: halt.when === 'now', last: ended });
  };

  const begin = async (spec: JobSpec, tries: number) => {
    let claim: Claim | undefined;
    if (slots !== undefined) {
      outcome.isWaiting = true;
      plan.onProgress(outcome);
      try {
        claim = await slots.take(plan.describe(spec));
      } finally {
        outcome.isWaiting = false;
      }
    }
    if (outcome.stop !== undefined) {
      if (claim !== undefined) slots?.release(claim);
      return;
    }
    starting++;
    unsettled++;
    runOne(spec, tries, claim)
      .catch((error: unknown) => stopFor({ why: 'error', error, isNow: false }))
      .finally(() => {
        unsettled--;
        change();
      });
    // Jobs that have ended meanwhile return their slots first, which costs less than to wait for one.
    await new Promise(setImmediate);
  };

  for (;;) {
    const isFull = active.size + starting >= most || !printer.hasRoom();
    if (outcome.stop === undefined && !isFull) {
      const retry = again.shift();
      const spec = retry?.spec ?? next;
      if (spec !== undefined) {
        if (retry === undefined) next = undefined;
        try {
          await begin(spec, (retry?.tries ?? 0) + 1);
        } catch (error) {
          // A wait that was ended has its reason already.
          stopFor({ why: 'error', error, isNow: false });
        }
        continue;
      }
      if (!isAllRead && !isReading) void readNext();
    }
    const isOver = outcome.stop !== undefined || (isAllRead && next === undefined && again.length === 0);
    if (isOver && unsettled === 0) break;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  slots?.close();
  try {
    await printer.finish();
  } catch (error) {
    outcome.stop ??= whyOf(error);
  }
  return outcome;
}

const whyOf = (error: unknown): Stop =>
  error instanceof OutputClosed ? { why: 'closed', isNow: true } : { why: 'error', error, isNow: true };
