import { kindOf, listKinds } from './kinds.js';
import type { Trace, TraceSpan } from './parse-trace.js';
import { boundsOf, summarize } from './summarize.js';

/** Colors that can be told apart also by people who do not see all of them (Okabe and Ito), on white and on black. */
const COLORS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#999999'];

const WIDTH = 900;
const LEFT = 60;
const LANE = 22;
const TOP = 34;

/** What two pictures need to have in common if they are to be compared; by default it is that of the trace. */
export interface SvgOptions {
  /** The time that the whole width stands for. */
  makespanSeconds?: number;
  /** The kinds of commands, in the order of their colors. */
  kinds?: readonly string[];
}

/**
 * Draws the trace as a picture: a lane for each slot, colors by kind of command.
 * @param title what stands above it
 */
export function drawSvg(trace: Trace, title: string, options: SvgOptions = {}): string {
  const { lanes, jobs } = trace;
  const { startUs, endUs } = boundsOf(trace);
  const { makespanSeconds, kinds = listKinds(jobs) } = options;
  const { utilisation, makespanSeconds: ownSeconds } = summarize(trace);
  const allUs = (makespanSeconds === undefined ? endUs - startUs : makespanSeconds * 1e6) || 1;
  const x = (us: number) => LEFT + ((us - startUs) / allUs) * (WIDTH - LEFT - 10);
  const bar = (span: TraceSpan) => {
    const [from, to] = [x(span.startUs), x(span.endUs)];
    const y = TOP + (span.lane - 1) * LANE;
    const size = `x="${from.toFixed(1)}" y="${y}" width="${Math.max(0.5, to - from).toFixed(1)}" height="${LANE - 4}"`;
    return `<rect ${size} fill="${colorOf(kindOf(span), kinds)}"><title>${escapeXml(span.command)}</title></rect>`;
  };
  const bottom = TOP + lanes * LANE + 6;
  const names = Array.from(
    { length: lanes },
    (_, index) => `<text x="${LEFT - 8}" y="${TOP + index * LANE + 13}" text-anchor="end">slot ${index + 1}</text>`,
  );
  const legend = kinds.slice(0, COLORS.length).map((kind, index) => {
    const at = LEFT + index * 110;
    const name = index === COLORS.length - 1 && kinds.length > COLORS.length ? 'others' : kind;
    return `<rect x="${at}" y="${bottom + 12}" width="10" height="10" fill="${COLORS[index]}"/><text x="${at + 15}" y="${bottom + 21}">${escapeXml(name)}</text>`;
  });
  const figures = `${ownSeconds.toFixed(1)} s, ${Math.round(100 * utilisation)} % of ${lanes} slots used`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${bottom + 34}" font-family="sans-serif" font-size="12" fill="#777">`,
    `<title>${escapeXml(title)}</title>`,
    `<text x="${LEFT}" y="20" font-size="14">${escapeXml(title)}</text>`,
    `<text x="${WIDTH - 10}" y="20" text-anchor="end">${figures}</text>`,
    ...names,
    ...jobs.map(bar),
    ...legend,
    '</svg>',
    '',
  ].join('\n');
}

const colorOf = (kind: string, kinds: readonly string[]): string =>
  COLORS[Math.min(kinds.indexOf(kind), COLORS.length - 1)] as string;

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '').replace(/\p{Cc}/gu, ' ');
