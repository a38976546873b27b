import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { type DrawOptions, drawAxis, drawLanes, fitName } from './draw.js';
import { kindOf } from './kinds.js';
import type { Span } from './spans.js';

const span = (name: string, start: number, end: number | undefined): Span => ({ name, pid: 1, start, end });

const BUILD = [
  span('rustc base', 0, 4000),
  span('pip alpha', 0, 6000),
  span('go runtime', 1000, 5000),
  span('cc:lexer.o', 4000, 4900),
  span('cc:parser.o', 5000, 8000),
  span('rustc app', 4500, undefined),
];

/** Many short jobs: more than there are columns. */
const CROWD = Array.from({ length: 400 }, (_, i) => span(`go p${i}`, i * 10, i * 10 + 9));

test('a small build, plain', () => {
  expect(drawLanes(BUILD, 60, { slots: 4 })).toBe(
    [
      'slot 1 │|rustc base===============|lex…- |cc:parser.o-------',
      'slot 2 │|pip alpha#############################             ',
      'slot 3 │       |go runtime~~~~~~~~~~~~~~~                   ',
      'slot 4 │                             |rustc app=============',
      '     s └0────────────2────────────4────────────6────────────',
      '=== cargo 2   ### pip 1   ~~~ go 1   --- cc 2',
      'peak 4 of 4 slots; 6 jobs; 8.0 s',
    ].join('\n'),
  );
});

describe.each([80, 120, 40, 200])('at %i columns', (width) => {
  test.each<[string, Span[], DrawOptions]>([
    ['a build', BUILD, { slots: 4 }],
    ['a build in colour', BUILD, { slots: 4, colour: true }],
    ['a pool half used', BUILD, { slots: 12 }],
    ['more than the slots', BUILD, { slots: 2 }],
    ['a crowd', CROWD, { slots: 4 }],
    ['a crowd in colour', CROWD, { slots: 4, colour: true }],
    ['nothing', [], { slots: 4 }],
    ['one that never ended', [span('x', 5, undefined)], {}],
    ['names of wide and odd characters', [span('cc:名前\x1b[2J', 0, 900), span('pip \t', 900, 1000)], {}],
  ])('%s fits', (_, spans, options) => {
    const lines = stripVTControlCharacters(drawLanes(spans, width, options)).split('\n');
    const rows = lines.filter((line) => /[│└]/.test(line));
    expect(rows.length).toBeGreaterThanOrEqual(options.slots ?? 1);
    for (const row of rows) expect(row.length).toBe(width);
    for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
  });
});

test('colour only when asked for, and switched off at the end of every line', () => {
  expect(drawLanes(BUILD, 80)).not.toContain('\x1b');
  const coloured = drawLanes(BUILD, 80, { colour: true });
  for (const colour of ['43', '44', '46', '42']) expect(coloured).toContain(`;${colour}m`);
  for (const line of coloured.split('\n').filter((each) => each.includes('\x1b'))) {
    expect(line.lastIndexOf('\x1b[0m')).toBe(line.lastIndexOf('\x1b['));
  }
});

test('every kind has a fill of its own, and the legend counts the jobs', () => {
  const picture = drawLanes([...BUILD, span('other thing', 8000, 9000)], 80);
  expect(picture).toContain('=== cargo 2   ### pip 1   ~~~ go 1   --- cc 2   +++ other 1');
});

test('what is too short to draw is said', () => {
  const [, drawn] = /\((\d+) more/.exec(drawLanes(CROWD, 80)) ?? [];
  expect(Number(drawn)).toBeGreaterThanOrEqual(400 - 72);
  expect(drawLanes(BUILD, 80)).not.toContain('more');
});

test.each([
  [BUILD, { slots: 4 }, 'peak 4 of 4 slots; 6 jobs; 8.0 s'],
  [BUILD, { slots: 3 }, 'peak 4 of 3 slots; 6 jobs; 8.0 s'],
  [BUILD.slice(0, 1), { slots: 4 }, 'peak 1 of 4 slots; 1 job; 4.0 s'],
  [[], { slots: 4 }, 'peak 0 of 4 slots; 0 jobs; 0.0 s'],
])('last line %#', (spans, options, line) => {
  expect(drawLanes(spans, 80, options).split('\n').at(-1)).toBe(line);
});

test.each([
  ['rustc base', 10, 'rustc base'],
  ['rustc base', 9, 'base'],
  ['cc:lexer.o', 9, 'lexer.o'],
  ['cc:lexer.o', 6, 'lexer…'],
  ['cc:lexer.o', 4, 'lex…'],
  ['cc:lexer.o', 3, ''],
  ['cc:a.o', 3, 'a.o'],
  ['pip', 3, 'pip'],
  ['pip', 0, ''],
  ['go a\tb', 6, 'go a?b'],
])('%o in %i columns is %o', (name, room, text) => expect(fitName(name, room)).toBe(text));

test.each([
  [4, 40, '0─────────1─────────2─────────3─────────'],
  [3.9, 40, '0─────────1──────────2─────────3────────'],
  [4, 20, '0─────────2─────────'],
  [1, 50, '0─────────0.2───────0.4───────0.6───────0.8───────'],
  [60, 40, '0────────────20────────────40───────────'],
  [0, 5, '0────'],
])('axis of %d s in %i columns', (seconds, columns, axis) => {
  expect(drawAxis(seconds, columns)).toBe(axis);
});

test.each([
  ['rustc base', 'cargo'],
  ['pip alpha', 'pip'],
  ['go runtime', 'go'],
  ['cc:lexer.o', 'cc'],
  ['ccache', 'other'],
  ['', 'other'],
])('%o is of kind %o', (name, label) => expect(kindOf(name).label).toBe(label));
