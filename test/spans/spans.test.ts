import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assignLanes, extent, parseSpans, peak, reachedFor, type Span } from './spans.js';

/** `a:0-10 b:5-` as spans: b has no end. */
function spansOf(text: string): Span[] {
  return text.split(' ').flatMap((word, pid) => {
    const [, name = '', start, end] = /^(\w+):(\d+)-(\d*)$/.exec(word) ?? [];
    return start ? [{ name, pid, start: Number(start), end: end ? Number(end) : undefined }] : [];
  });
}

const write = (spans: Span[]) => spans.map(({ name, start, end }) => `${name}:${start}-${end ?? ''}`).join(' ');

describe('parseSpans', () => {
  test.each([
    ['nothing', '', ''],
    ['one', 'start\t7\t1.5\ta\nend\t7\t2.25\ta\n', 'a:1500-2250'],
    ['no end', 'start\t7\t1.5\ta\n', 'a:1500-'],
    [
      'two that overlap',
      'start\t7\t1.0\ta\nstart\t8\t2.0\tb\nend\t7\t3.0\ta\nend\t8\t4.0\tb\n',
      'a:1000-3000 b:2000-4000',
    ],
    ['written the other way round', 'start\t8\t2.0\tb\nstart\t7\t1.0\ta\n', 'a:1000- b:2000-'],
    ['a pid that came again', 'start\t7\t1.0\ta\nstart\t7\t3.0\tb\nend\t7\t4.0\tb\n', 'a:1000-3000 b:3000-4000'],
    ['blanks and tabs in the name', 'start\t7\t1.0\t a  b\tc \n', ' a  b\tc :1000-'],
    ['no name', 'start\t7\t1.0\t\n', ':1000-'],
  ])('%s', (_, text, spans) => expect(write(parseSpans(text))).toBe(spans));

  test.each([
    ['a word that is neither', 'begin\t7\t1.0\ta\n'],
    ['no pid', 'start\t\t1.0\ta\n'],
    ['a comma in the time', 'start\t7\t1,0\ta\n'],
    ['two lines mixed', 'start\t7\tstart\t8\t1.0\tb\n'],
    ['an end without a start', 'end\t7\t1.0\ta\n'],
  ])('refuses %s', (_, text) => expect(() => parseSpans(text)).toThrow());
});

test.each([
  ['', 0],
  ['a:0-10', 1],
  ['a:0-10 b:10-20', 1],
  ['a:0-10 b:9-20', 2],
  ['a:0-10 b:0-10 c:0-10', 3],
  ['a:0-10 b:2-4 c:5-7 d:6-8', 3],
  ['a:0- b:5-6 c:7-8', 2],
  ['a:0-10 b:10-', 1],
  ['a:0- b:5-', 2],
])('peak of %o is %i', (text, most) => expect(peak(spansOf(text))).toBe(most));

test.each([
  ['', 1, 0],
  ['a:0-10', 1, 10],
  ['a:0-10', 0, 0],
  ['a:0-10', 2, 0],
  ['a:0-10 b:5-20', 2, 5],
  ['a:0-10 b:5-20', 1, 15],
  ['a:0-10 b:15-20', 0, 5],
  ['a:0-10 b:10-20', 1, 20],
  ['a:0-10 b:0-10', 2, 10],
  ['a:0-10 b:0-3 c:7-10', 2, 6],
  ['a:0- b:5-20', 2, 15],
])('%o: %i at once for %i ms', (text, n, ms) => expect(reachedFor(spansOf(text), n)).toBe(ms));

test.each([
  ['', ''],
  ['a:0-10', 'a'],
  ['a:0-10 b:10-20', 'ab'],
  ['a:0-10 b:9-20', 'a b'],
  ['a:0-10 b:1-5 c:6-20 d:10-12', 'ad bc'],
  ['a:0- b:1-5 c:6-20', 'a bc'],
  ['b:5-9 a:0-5', 'ab'],
  ['a:0-4 b:0-3 c:0-2 d:2-3 e:3-4', 'a be cd'],
])('lanes of %o are %o', (text, lanes) => {
  const assigned = assignLanes(spansOf(text));
  expect(assigned.map((lane) => lane.map(({ name }) => name).join('')).join(' ')).toBe(lanes);
  expect(assigned.length).toBe(peak(spansOf(text)));
});

test('the extent is from the first start to the last event', () => {
  expect(extent(spansOf('a:3-10 b:5-20 c:30-'))).toEqual({ from: 3, to: 30 });
  expect(extent([])).toEqual({ from: 0, to: 0 });
});

describe('span', () => {
  const script = join(import.meta.dirname, 'span');
  let dir: string;
  let file: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'spans-'));
    file = join(dir, 'spans');
  });
  afterEach(() => rmSync(dir, { recursive: true }));
  const run = (...args: string[]) =>
    spawnSync(script, args, { env: { ...process.env, SPANS: file, LC_ALL: 'C.UTF-8' }, encoding: 'utf8' });

  test.each([
    ['sh -c :', 0],
    ['sh -c', 2],
    ['sh -c exit\t7', 7],
    ['sh -c kill\t-9\t$$', 137],
    ['/nonexistent/program', 127],
    ['/dev/null', 126],
    ['record start', 127],
  ])('exits as %o does: %i', (command, status) => {
    expect(run('a job', ...command.split(' ').map((word) => word.replaceAll('\t', ' '))).status).toBe(status);
    expect(parseSpans(readFileSync(file, 'utf8'))).toMatchObject([{ name: 'a job', end: expect.any(Number) }]);
  });

  test.each(['a', 'a  b ', 'tab\tbed', 'ä%s\\n', ''])('keeps the name %o', (name) => {
    run(name, 'true');
    expect(parseSpans(readFileSync(file, 'utf8'))).toMatchObject([{ name }]);
  });

  test('passes arguments, input and output through and takes the time', () => {
    const before = Date.now();
    const out = execFileSync(script, ['x', 'sh', '-c', 'cat; printf "<%s>" "$@"', '-', 'a  b', ''], {
      env: { ...process.env, SPANS: file },
      input: 'in',
      encoding: 'utf8',
    });
    expect(out).toBe('in<a  b><>');
    const [span] = parseSpans(readFileSync(file, 'utf8'));
    expect(span?.start).toBeGreaterThanOrEqual(before - 1);
    expect(span?.end).toBeGreaterThan(span?.start ?? 0);
    expect(span?.end).toBeLessThanOrEqual(Date.now() + 1);
  });

  test('a line break in the name does not make a line of its own', () => {
    run('a\nb', 'true');
    expect(parseSpans(readFileSync(file, 'utf8'))).toMatchObject([{ name: 'a b' }]);
  });

  test('lines of many that end together stay whole', () => {
    const many = 'for i in $(seq 60); do "$0" "job $i" true & done; wait';
    spawnSync('sh', ['-c', many, script], { env: { ...process.env, SPANS: file } });
    const spans = parseSpans(readFileSync(file, 'utf8'));
    expect(spans.map(({ name }) => name).sort()).toEqual(Array.from({ length: 60 }, (_, i) => `job ${i + 1}`).sort());
    expect(spans.every(({ end }) => end !== undefined)).toBe(true);
  });

  test.each([[['x']], [[]]])('refuses %o', (args) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(125);
    expect(stderr).toBe('usage: SPANS=FILE span NAME CMD [ARG...]\n');
  });
});
