import type { ProgramEnd } from '../process/exit.js';
import type { OutputFiles } from './output-files.js';

/** What one job is to do. */
export interface JobSpec {
  /** Its place among all jobs, from 1. */
  number: number;
  items: readonly string[];
}

/** How a job ended. */
export interface JobEnd {
  spec: JobSpec;
  words: readonly string[];
  end: ProgramEnd;
  /** Whether it ran into its time limit. */
  timedOut: boolean;
  /** How often it was run. */
  tries: number;
  startedMs: number;
  seconds: number;
  files: OutputFiles | undefined;
}
