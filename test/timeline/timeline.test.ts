import { describe, expect, it } from 'vitest';
import { drawTimeline } from '../../src/timeline/index.js';
import { parseTrace } from '../../src/timeline/parse-trace.js';
import { summarize } from '../../src/timeline/summarize.js';

const lines = (...events: object[]): string => `[\n${events.map((event) => `${JSON.stringify(event)},\n`).join('')}`;
const slot = (tid: number) => ({ ph: 'M', name: 'thread_name', pid: 1, tid, args: { name: `slot ${tid}` } });
const begin = (tid: number, ts: number, command: string) => ({
  ph: 'B',
  name: 'x',
  pid: 1,
  tid,
  ts,
  args: { command },
});
const end = (tid: number, ts: number) => ({ ph: 'E', pid: 1, tid, ts });
const wait = (id: string, from: number, to: number) => [
  { ph: 'b', cat: 'wait', id, name: 'w', pid: 1, tid: 0, ts: from, args: { command: `wait ${id}` } },
  { ph: 'e', cat: 'wait', id, name: 'w', pid: 1, tid: 0, ts: to },
];

const SECOND = 1e6;
const TRACE = lines(
  slot(1),
  slot(2),
  begin(1, 0, '/usr/bin/cc -c a.c'),
  begin(2, 0, 'make "a" <b>'),
  end(1, 2 * SECOND),
  ...wait('one', SECOND, 2 * SECOND),
  begin(1, 2 * SECOND, 'cc b.c'),
  end(1, 3 * SECOND),
  end(2, 4 * SECOND),
);

describe('a trace', () => {
  it('is summed up', () =>
    expect(summarize(parseTrace(TRACE, 'f'))).toEqual({
      slots: 2,
      jobs: 3,
      makespanSeconds: 4,
      utilisation: 7 / 8,
      peak: 2,
      waitedSeconds: 1,
      longestWaits: [{ command: 'wait one', seconds: 1 }],
    }));

  it('is drawn as text', () =>
    expect(drawTimeline(TRACE, 'f', [], 15)).toMatch(
      /^1 {2}bbbbbbbbb\.\.\.\n2 {2}aaaaaaaaaaaa\n {3}0 {6}4\.0 s\n {3}a make {3}b cc\n\njobs {6}3 in 2 slots/,
    ));

  it('is drawn as a picture', () => {
    const svg = drawTimeline(TRACE, '/a/b.json', ['svg'], 80);
    expect(svg.match(/<rect x="[\d.]+" y="\d+" width="[\d.]+" height="18"/g)).toHaveLength(3);
    expect(svg).toContain('<title>make &quot;a&quot; &lt;b&gt;</title>');
    expect(svg).toContain('4.0 s, 88 % of 2 slots used');
  });

  it('is printed as JSON', () => {
    expect(JSON.parse(drawTimeline(TRACE, 'f', ['json'], 80))).toMatchObject({
      summary: { jobs: 3 },
      waits: [{ lane: 0 }],
    });
    expect(JSON.parse(drawTimeline(TRACE, 'f', ['json', 'summary'], 80))).toMatchObject({ jobs: 3, peak: 2 });
  });

  it.each([
    ['that a crash has cut off', TRACE.slice(0, -30), 3],
    ['whose last end is missing', lines(slot(1), begin(1, 0, 'a'), begin(1, SECOND, 'b'), end(1, 2 * SECOND)), 2],
    ['of one wait', lines(...wait('one', 0, SECOND)), 1],
  ])('%s is read all the same', (_, text, seconds) =>
    expect(summarize(parseTrace(text, 'f')).makespanSeconds).toBe(seconds),
  );

  it('of one job of two slots is that of one job', () =>
    expect(summarize(parseTrace(lines(begin(1, 0, 'a'), begin(2, 0, 'a'), end(1, 1), end(2, 1)), 'f'))).toMatchObject({
      jobs: 1,
      peak: 2,
      slots: 2,
    }));

  it.each([[''], ['[\n'], ['{"ph":"M"}'], ['\u0000'.repeat(9)]])('%j is none', (text) =>
    expect(() => parseTrace(text, 'f')).toThrow(expect.objectContaining({ message: "'f' is not a trace" })),
  );
});
