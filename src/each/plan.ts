import type { ProgramEnd } from '../process/exit.js';
import type { Interrupt, SignalWatch } from '../process/forward-signals.js';
import type { Running } from '../process/run-program.js';
import type { Claim } from '../slots/claim.js';
import type { Halt } from './halt-rule.js';
import type { JobEnd, JobSpec } from './job-end.js';
import type { OutputFiles } from './output-files.js';
import type { PrintOptions } from './print-outputs.js';
import type { SlotSource } from './slot-source.js';

/** A job that was started. */
export interface StartedJob {
  words: readonly string[];
  running: Running;
  /** Ends what was made for it. */
  cleanUp(): Promise<void>;
}

/** What is to be run, and how. */
export interface Plan {
  /** The items of each job, in order. */
  jobs: AsyncIterator<JobSpec>;
  /** How many there are, if that is known before all are read. */
  total: number | undefined;
  /** How many may run at a time. */
  most: number;
  /** Undefined if the jobs need no slots. */
  slots: SlotSource | undefined;
  /** Ends a wait for slots. */
  interrupt: Interrupt;
  signals: SignalWatch;
  /** Writes the job as a person knows it. */
  describe(spec: JobSpec): string;
  openFiles(): OutputFiles | undefined;
  /** @param place counts the jobs that run at the same time, from 1 */
  start(spec: JobSpec, place: number, files: OutputFiles | undefined, claim: Claim | undefined): Promise<StartedJob>;
  print: PrintOptions;
  tagOf(spec: JobSpec): string;
  /** Makes what is printed of a job as JSON. */
  recordOf?(end: JobEnd): object;
  onEnd(end: JobEnd): void;
  /** Returns how a job counts as ended that could not be started; undefined if that ends the run. */
  survive(error: unknown): ProgramEnd | undefined;
  tries: number;
  timeoutMs: number | undefined;
  /** Undefined runs all jobs, whatever comes of them. */
  halt: Halt | undefined;
  /** Says that something went wrong that ends nothing. */
  warn(text: string): void;
  onProgress(progress: Progress): void;
}

/** How far the run is. */
interface Progress {
  running: number;
  isWaiting: boolean;
  done: number;
  failed: number;
}

/** Why no more jobs are started. */
export type Stop =
  | { why: 'halt'; status: number; isNow: boolean; last: JobEnd }
  | { why: 'signal'; signal: NodeJS.Signals; isNow: false }
  | { why: 'closed'; isNow: true }
  | { why: 'error'; error: unknown; isNow: boolean };

/** What came of all. */
export interface Outcome extends Progress {
  stop: Stop | undefined;
  /** How many were started. */
  started: number;
  /** How many of them were ended, and did not end well, because no more were to run. */
  cut: number;
}
