import { drawSvg } from '../../src/timeline/draw-svg.js';
import { listKinds } from '../../src/timeline/kinds.js';
import type { Trace } from '../../src/timeline/parse-trace.js';
import { assignLanes, extent, type Span } from '../spans/spans.js';

/** A title, what ran, and how many lanes there are at least. */
type Picture = readonly [title: string, spans: Span[], lanes: number];

/** Draws two builds below each other, on one scale. */
export function drawPictures(...pictures: readonly Picture[]): string {
  const makespanSeconds = Math.max(...pictures.map(([, spans]) => lengthOf(spans))) / 1000;
  const kinds = listKinds(pictures.flatMap(([, spans]) => traceOf(spans, 0).jobs));
  let height = 0;
  const parts = pictures.map(([title, spans, lanes]) => {
    const svg = drawSvg(traceOf(spans, lanes), title, { makespanSeconds, kinds });
    const [, own = '0'] = /viewBox="0 0 \d+ (\d+)"/.exec(svg) ?? [];
    const placed = svg.replace('<svg ', `<svg y="${height}" height="${own}" `);
    height += Number(own);
    return placed;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 900 ${height}">\n<title>${pictures.map(([title]) => title).join('. ')}</title>\n${parts.join('')}</svg>\n`;
}

function lengthOf(spans: Span[]): number {
  const { from, to } = extent(spans);
  return to - from;
}

function traceOf(spans: Span[], least: number): Trace {
  const lanes = assignLanes(spans);
  const { to } = extent(spans);
  const jobs = lanes.flatMap((lane, index) =>
    lane.map(({ name, start, end = to }) => ({
      lane: index + 1,
      // Names such as `cc:main`.
      command: name.replace(':', ' '),
      startUs: start * 1000,
      endUs: end * 1000,
      isOpen: false,
    })),
  );
  return { lanes: Math.max(least, lanes.length), jobs, waits: [] };
}
