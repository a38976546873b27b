/** One run of one job, as `span` recorded it. Times are milliseconds since the epoch. */
export type Span = {
  name: string;
  pid: number;
  start: number;
  /** undefined when the job was killed before it could say; it is then taken to run to the last event. */
  end: number | undefined;
};

const LINE = /^(start|end)\t(\d+)\t(\d+\.\d+)\t(.*)$/;

/** Takes the text of a $SPANS file, gives the spans in order of their start. Throws on a line that `span` cannot have written. */
export function parseSpans(text: string): Span[] {
  const spans: Span[] = [];
  const running = new Map<number, Span>();
  for (const line of text.split('\n').filter(Boolean)) {
    const [, event, pidText, seconds, name = ''] = LINE.exec(line) ?? [];
    if (!event) throw new Error(`not a line of a span: '${line}'`);
    const pid = Number(pidText);
    const at = Number(seconds) * 1000;
    const earlier = running.get(pid);
    if (event === 'start') {
      // A pid comes again only when its process is gone: a job killed before its end line ran to here at most.
      if (earlier) earlier.end = at;
      const span: Span = { name, pid, start: at, end: undefined };
      running.set(pid, span);
      spans.push(span);
    } else {
      if (!earlier) throw new Error(`an end without a start: '${line}'`);
      earlier.end = at;
      running.delete(pid);
    }
  }
  // The clock is read before the line is written, so lines of two jobs can be the other way round.
  return spans.sort((a, b) => a.start - b.start);
}

/** How many ran at the instant `at`. A span holds its start and not its end, so a slot handed on at once counts once. */
function runningAt(spans: Span[], at: number): number {
  return spans.filter(({ start, end }) => start <= at && at < (end ?? Number.POSITIVE_INFINITY)).length;
}

/** The most that ran at the same time. */
export function peak(spans: Span[]): number {
  return spans.reduce((most, { start }) => Math.max(most, runningAt(spans, start)), 0);
}

/** The first start and the last event, in milliseconds since the epoch; both 0 without spans. */
export function extent(spans: Span[]): { from: number; to: number } {
  const times = eventTimes(spans);
  return { from: times[0] ?? 0, to: times.at(-1) ?? 0 };
}

/** Milliseconds, between the first start and the last event, during which exactly `n` ran. */
export function reachedFor(spans: Span[], n: number): number {
  const times = eventTimes(spans);
  let total = 0;
  for (const [i, at] of times.entries()) {
    if (runningAt(spans, at) === n) total += (times[i + 1] ?? at) - at;
  }
  return total;
}

/** Each span in the lowest lane that is free when it starts: as many lanes as the peak. */
export function assignLanes(spans: Span[]): Span[][] {
  const lanes: Span[][] = [];
  for (const span of spans.toSorted((a, b) => a.start - b.start)) {
    const free = lanes.find((lane) => (lane.at(-1)?.end ?? Number.POSITIVE_INFINITY) <= span.start);
    if (free) free.push(span);
    else lanes.push([span]);
  }
  return lanes;
}

function eventTimes(spans: Span[]): number[] {
  return spans.flatMap(({ start, end }) => (end === undefined ? [start] : [start, end])).sort((a, b) => a - b);
}
