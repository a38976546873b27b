import { JobserverError } from '../errors.js';

/** What a trace says of one job in one of its slots, or of one wait. Times are microseconds since boot. */
export interface TraceSpan {
  /** The number of the slot; 0 for a wait. */
  lane: number;
  command: string;
  startUs: number;
  endUs: number;
  /** Whether the trace ends before it does. */
  isOpen: boolean;
}

/** A trace that js-create --trace has begun. */
export interface Trace {
  /** How many slots the pool has; if the trace does not say it, how many were used. */
  lanes: number;
  jobs: TraceSpan[];
  waits: TraceSpan[];
}

/** The fields of an event that count here (Trace Event Format, JSON array). */
interface TraceEvent {
  ph: string;
  name?: string;
  tid?: number;
  ts?: number;
  id?: string;
  args?: { command?: string };
}

/**
 * Parses a trace: a line for each event. A last line that a crash has cut off does not count.
 * @throws JobserverError 'failed' if it is no such trace
 */
export function parseTrace(text: string, file: string): Trace {
  const events = text.split('\n').flatMap(parseLine);
  if (!text.startsWith('[') || events.length === 0) throw new JobserverError('failed', `'${file}' is not a trace`);
  const lastUs = events.reduce((last, { ts = 0 }) => Math.max(last, ts), 0);
  const jobs: TraceSpan[] = [];
  const waits: TraceSpan[] = [];
  const open = new Map<string, TraceSpan>();
  let lanes = 0;
  for (const { ph, name = '', tid = 0, ts = 0, id = '', args } of events) {
    const isWait = ph === 'b' || ph === 'e';
    const key = isWait ? `wait ${id}` : `slot ${tid}`;
    if (ph === 'M' && name === 'thread_name') lanes = Math.max(lanes, tid);
    const span = open.get(key);
    if (ph === 'B' || ph === 'b') {
      // A job whose end nobody has written ends when the next one begins there.
      if (span !== undefined) close(span, ts);
      const begun = {
        lane: isWait ? 0 : tid,
        command: args?.command ?? name,
        startUs: ts,
        endUs: lastUs,
        isOpen: true,
      };
      (isWait ? waits : jobs).push(begun);
      open.set(key, begun);
    } else if (span !== undefined && (ph === 'E' || ph === 'e')) {
      close(span, ts);
      open.delete(key);
    }
  }
  return { lanes: jobs.reduce((most, { lane }) => Math.max(most, lane), lanes), jobs, waits };
}

function close(span: TraceSpan, endUs: number): void {
  span.endUs = endUs;
  span.isOpen = false;
}

function parseLine(line: string): TraceEvent[] {
  const text = line.trim().replace(/,$/, '');
  if (!text.startsWith('{')) return [];
  try {
    return [JSON.parse(text) as TraceEvent];
  } catch {
    return [];
  }
}
