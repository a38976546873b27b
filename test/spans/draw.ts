import { KINDS, type Kind, kindOf } from './kinds.js';
import { assignLanes, extent, peak, type Span } from './spans.js';

export type DrawOptions = {
  /** How many slots the pool has; the peak, if not given. */
  slots?: number;
  /** Colour the bars: for a terminal, and not under NO_COLOR. */
  colour?: boolean;
};

/** One character of a row, and the kind of job whose bar it is part of. */
type Cell = { text: string; kind: Kind | undefined };
type Bar = { name: string; kind: Kind; from: number; to: number };

/**
 * A picture of what ran when: a row for each slot, time to the right, a legend, and a line with the peak.
 * Rows and axis are exactly `width` columns wide, the lines below at most that.
 */
export function drawLanes(spans: Span[], width: number, options: DrawOptions = {}): string {
  const colour = options.colour ?? false;
  const lanes = assignLanes(spans);
  const slots = options.slots ?? lanes.length;
  const { from, to } = extent(spans);
  // Slots that no job used are drawn too; so is what ran beyond the last slot.
  const rows = Math.max(slots, lanes.length);
  const margin = `slot ${rows} `.length;
  const columns = Math.max(1, width - margin - 1);
  let drawn = 0;
  const lines = Array.from({ length: rows }, (_, i) => {
    const bars = layBars(lanes[i] ?? [], from, to, columns);
    drawn += bars.length;
    return `${`slot ${i + 1}`.padEnd(margin)}│${paint(drawBars(bars, columns, colour), colour)}`;
  });
  lines.push(`${'s '.padStart(margin)}└${drawAxis((to - from) / 1000, columns)}`);
  lines.push(...drawLegend(spans, spans.length - drawn, width, colour));
  const jobs = spans.length === 1 ? '1 job' : `${spans.length} jobs`;
  lines.push(`peak ${peak(spans)} of ${slots} slots; ${jobs}; ${((to - from) / 1000).toFixed(1)} s`);
  return lines.join('\n');
}

/** Whole columns for each span. Every bar is at least one wide; a span that falls wholly into a taken column is left out. */
function layBars(lane: Span[], from: number, to: number, columns: number): Bar[] {
  const column = (at: number) => Math.round(((at - from) / Math.max(to - from, 1)) * columns);
  const bars: Bar[] = [];
  for (const { name, start, end } of lane) {
    const first = Math.max(Math.min(column(start), columns - 1), bars.at(-1)?.to ?? 0);
    const last = Math.max(column(end ?? to), Math.min(column(start), columns - 1) + 1);
    if (first < last) bars.push({ name, kind: kindOf(name), from: first, to: last });
  }
  return bars;
}

function drawBars(bars: Bar[], columns: number, colour: boolean): Cell[] {
  const cells = Array.from({ length: columns }, (): Cell => ({ text: ' ', kind: undefined }));
  for (const { name, kind, from, to } of bars) {
    const fill = colour ? ' ' : kind.fill;
    // The edge tells a bar from the one before it; a bar of one column has no room for more than its fill.
    const edge = to - from > 1 ? (colour ? '▏' : '|') : '';
    // Without colour at least one fill stays, to tell the kind.
    const room = to - from - (colour ? 1 : 2);
    const text = (edge + fitName(name, room)).padEnd(to - from, fill);
    for (let i = from; i < to; i++) cells[i] = { text: text[i - from] ?? fill, kind };
  }
  return cells;
}

/** The name as it fits into `room` columns: whole, without its first word, cut, or not at all. */
export function fitName(name: string, room: number): string {
  // One column a character, and nothing that a terminal would obey.
  const whole = name.replace(/[^ -~]/g, '?');
  const short = whole.replace(/^\w+[ :]/, '');
  if (whole.length <= room) return whole;
  if (short.length <= room) return short;
  return room < 4 ? '' : `${short.slice(0, room - 1)}…`;
}

/** A line `columns` wide with a number of seconds at each tick, ticks at least ten columns apart. */
export function drawAxis(seconds: number, columns: number): string {
  const steps = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 120, 300, 600, 1800, 3600];
  const step = steps.find((each) => (each / seconds) * columns >= 10) ?? seconds;
  let axis = '';
  for (let i = 0; i * step <= seconds && axis.length < columns; i++) {
    axis = axis.padEnd(Math.round(((i * step) / Math.max(seconds, step)) * columns), '─');
    const label = Number((i * step).toFixed(1)).toString();
    if (axis.length + label.length <= columns) axis += label;
    if (seconds === 0) break;
  }
  return axis.padEnd(columns, '─');
}

/** What each fill means and how many jobs of it there were; a second line for what was too short to draw. */
function drawLegend(spans: Span[], hidden: number, width: number, colour: boolean): string[] {
  const lines = [''];
  let used = 0;
  for (const kind of KINDS) {
    const count = spans.filter(({ name }) => kindOf(name) === kind).length;
    if (count === 0) continue;
    const text = ` ${kind.label} ${count}   `;
    if (used + 3 + text.trimEnd().length > width) {
      lines.push('');
      used = 0;
    }
    const sample = Array.from({ length: 3 }, () => ({ text: colour ? ' ' : kind.fill, kind }));
    lines[lines.length - 1] += paint(sample, colour) + text;
    used += 3 + text.length;
  }
  if (hidden > 0) lines.push(`(${hidden} more, too short to draw)`);
  return lines.map((line) => line.trimEnd().slice(0, colour ? undefined : width)).filter(Boolean);
}

/** Cells as text; in colour, each run of one kind between two escape sequences. */
function paint(cells: Cell[], colour: boolean): string {
  if (!colour) return cells.map(({ text }) => text).join('');
  let out = '';
  let current: Kind | undefined;
  for (const { text, kind } of cells) {
    if (kind !== current) out += kind ? `\x1b[0;${kind.sgr}m` : '\x1b[0m';
    current = kind;
    out += text;
  }
  return current ? `${out}\x1b[0m` : out;
}
