import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ROOT } from './commands.js';

const SRC = join(ROOT, 'src');

/** Which rooms may use which; all may use the files that are in no room. docs/ARCHITECTURE.md says what is in each. */
const MAY_IMPORT: Record<string, readonly string[]> = {
  build: ['tools'],
  standalone: ['cli', 'commands', 'keeper', 'process', 'tools'],
  start: ['cli', 'commands'],
  commands: [
    'check',
    'cli',
    'each',
    'jobs',
    'keeper',
    'pool',
    'process',
    'protocol',
    'slots',
    'status',
    'timeline',
    'tools',
  ],
  cli: ['each', 'jobs', 'pool', 'process', 'protocol', 'tools'],
  each: ['jobs', 'keeper', 'pool', 'process', 'slots', 'tools'],
  status: ['keeper', 'pool', 'process', 'slots', 'tools'],
  timeline: [],
  check: ['jobs', 'pool', 'process', 'protocol', 'tools'],
  jobs: ['keeper', 'pool', 'process', 'protocol', 'shell', 'slots', 'tools'],
  keeper: ['pool', 'process', 'slots', 'tools'],
  slots: ['pool', 'process', 'protocol', 'tools'],
  pool: ['process', 'protocol'],
  tools: ['process'],
  process: [],
  protocol: [],
  shell: [],
};

/** Returns every import of one room's file of another room, as `ROOM/FILE -> ROOM`. */
function listImports(room: string): string[] {
  return readdirSync(join(SRC, room)).flatMap((name) => {
    const file = join(SRC, room, name);
    if (!name.endsWith('.ts')) return [];
    const imports = readFileSync(file, 'utf8').matchAll(/(?:from|import\() ?'(\.[^']+)'/g);
    return [...imports].flatMap(([, path = '']) => {
      const [other = '', ...rest] = relative(SRC, join(dirname(file), path)).split(sep);
      return rest.length === 0 || other === room || other === '..' ? [] : [`${room}/${name} -> ${other}`];
    });
  });
}

const ROOMS = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe('the rooms of src/', () => {
  it('are those that are known', () =>
    expect(ROOMS.map(({ name }) => name).sort()).toEqual(Object.keys(MAY_IMPORT).sort()));

  it.each(Object.entries(MAY_IMPORT))('%s imports only from %j', (room, allowed) => {
    const isAllowed = (line: string) => allowed.some((other) => line.endsWith(` -> ${other}`));
    expect(listImports(room).filter((line) => !isAllowed(line))).toEqual([]);
  });

  it('import from each other at all, as far as this test can see', () =>
    expect(Object.keys(MAY_IMPORT).flatMap(listImports).length).toBeGreaterThan(100));
});

describe('docs/', () => {
  it.each(readdirSync(join(ROOT, 'docs')))('%s links to files that are there', (name) => {
    const text = readFileSync(join(ROOT, 'docs', name), 'utf8');
    const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !existsSync(join(ROOT, 'docs', link)))).toEqual([]);
  });
});
