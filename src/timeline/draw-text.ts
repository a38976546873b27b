import { kindOf, listKinds } from './kinds.js';
import type { Trace } from './parse-trace.js';
import { boundsOf } from './summarize.js';

/** Stand for the kinds of commands; what comes after them has the last. */
const LETTERS = 'abcdefghijklmnopqrstuvwxyz*';

/**
 * Draws a line for each slot, in which a letter stands for what ran there for most of the time.
 * @param columns the width of the drawing
 */
export function drawText(trace: Trace, columns: number): string {
  const { lanes, jobs } = trace;
  const { startUs, endUs } = boundsOf(trace);
  const kinds = listKinds(jobs);
  const letterOf = (kind: string) => LETTERS[Math.min(kinds.indexOf(kind), LETTERS.length - 1)] ?? '*';
  const margin = String(lanes).length + 2;
  const width = Math.max(10, columns - margin);
  const stepUs = Math.max(1, (endUs - startUs) / width);
  const rows = Array.from({ length: lanes }, (_, index) => {
    const own = jobs.filter(({ lane }) => lane === index + 1);
    const cells = Array.from({ length: width }, (_cell, cell) => {
      const middleUs = startUs + (cell + 0.5) * stepUs;
      const job = own.find((span) => span.startUs <= middleUs && middleUs < span.endUs);
      return job === undefined ? '.' : letterOf(kindOf(job));
    });
    return `${String(index + 1).padStart(margin - 2)}  ${cells.join('')}`;
  });
  const end = `${((endUs - startUs) / 1e6).toFixed(1)} s`;
  const axis = `${' '.repeat(margin)}0${end.padStart(width - 1)}`;
  const legend = kinds.map((kind) => `${letterOf(kind)} ${kind}`).join('   ');
  return `${[...rows, axis, ...(legend === '' ? [] : [`${' '.repeat(margin)}${legend}`])].join('\n')}\n`;
}
