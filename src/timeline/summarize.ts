import type { Trace, TraceSpan } from './parse-trace.js';

/** What a trace comes to. Times are seconds. */
export interface Summary {
  /** How many slots the pool has. */
  slots: number;
  /** How many jobs ran; one of several slots counts once. */
  jobs: number;
  /** From the begin of the first job or wait to the end of the last. */
  makespanSeconds: number;
  /** How much of the slots was used in that time, from 0 to 1. */
  utilisation: number;
  /** How many slots were used at a time, at most. */
  peak: number;
  /** How long jobs have waited, in all. */
  waitedSeconds: number;
  longestWaits: { command: string; seconds: number }[];
}

/** How many waits are named. */
const MOST_WAITS = 3;

/** Returns when the trace begins and ends, in microseconds since boot. */
export function boundsOf({ jobs, waits }: Trace): { startUs: number; endUs: number } {
  const spans = [...jobs, ...waits];
  return {
    startUs: spans.reduce((least, { startUs }) => Math.min(least, startUs), spans[0]?.startUs ?? 0),
    endUs: spans.reduce((most, { endUs }) => Math.max(most, endUs), spans[0]?.endUs ?? 0),
  };
}

/** Sums up a trace. */
export function summarize(trace: Trace): Summary {
  const { lanes, jobs, waits } = trace;
  const { startUs, endUs } = boundsOf(trace);
  const usedUs = jobs.reduce((sum, span) => sum + lengthOf(span), 0);
  const longest = [...waits].sort((one, other) => lengthOf(other) - lengthOf(one)).slice(0, MOST_WAITS);
  return {
    slots: lanes,
    // The slots of one job begin in the same microsecond.
    jobs: new Set(jobs.map(({ startUs: start, command }) => `${start} ${command}`)).size,
    makespanSeconds: (endUs - startUs) / 1e6,
    utilisation: endUs > startUs && lanes > 0 ? usedUs / ((endUs - startUs) * lanes) : 0,
    peak: peakOf(jobs),
    waitedSeconds: waits.reduce((sum, span) => sum + lengthOf(span), 0) / 1e6,
    longestWaits: longest.map((span) => ({ command: span.command, seconds: lengthOf(span) / 1e6 })),
  };
}

const lengthOf = ({ startUs, endUs }: TraceSpan): number => endUs - startUs;

/** Returns how many of the spans there were at a time, at most; one that ends as another begins does not count for that moment. */
function peakOf(spans: readonly TraceSpan[]): number {
  const changes = spans.flatMap(({ startUs, endUs }) => [
    { at: startUs, by: 1 },
    { at: endUs, by: -1 },
  ]);
  changes.sort((one, other) => one.at - other.at || one.by - other.by);
  let [now, most] = [0, 0];
  for (const { by } of changes) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** Writes the figures for a person. */
export function formatSummary(summary: Summary): string {
  const { slots, jobs, makespanSeconds, utilisation, peak, waitedSeconds, longestWaits } = summary;
  const seconds = (value: number) => `${value.toFixed(1)} s`;
  const lines = [
    `jobs      ${jobs} in ${slots} slots, at most ${peak} slots at a time`,
    `time      ${seconds(makespanSeconds)}`,
    `used      ${Math.round(100 * utilisation)} % of the slots`,
    `waited    ${seconds(waitedSeconds)} in all`,
    ...longestWaits.map(({ command, seconds: waited }) => `          ${seconds(waited)}  ${command}`),
  ];
  return `${lines.join('\n')}\n`;
}
