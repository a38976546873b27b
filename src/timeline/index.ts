import { basename } from 'node:path';
import { drawSvg } from './draw-svg.js';
import { drawText } from './draw-text.js';
import { parseTrace } from './parse-trace.js';
import { formatSummary, summarize } from './summarize.js';

/**
 * Draws a trace.
 * @param text what is in the file
 * @param formats `svg`, `summary` and `json`, if they were asked for
 * @param columns the width of the terminal
 * @throws as parseTrace()
 */
export function drawTimeline(text: string, file: string, formats: readonly string[], columns: number): string {
  const trace = parseTrace(text, file);
  if (formats.includes('svg')) return drawSvg(trace, basename(file));
  const { jobs, waits } = trace;
  const summary = summarize(trace);
  if (formats.includes('json'))
    return `${JSON.stringify(formats.includes('summary') ? summary : { summary, jobs, waits }, null, 2)}\n`;
  return formats.includes('summary')
    ? formatSummary(summary)
    : `${drawText(trace, columns)}\n${formatSummary(summary)}`;
}
