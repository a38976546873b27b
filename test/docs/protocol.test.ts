import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ROOT } from './commands.js';

/** Returns the text of every source file below a folder, by its path. */
function readSources(folder: string): [file: string, text: string][] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|mjs|sh|pml)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .map((file) => [file, readFileSync(file, 'utf8')]);
}

it('docs/PROTOCOL.md has an entry for every number that a comment cites', () => {
  const entries = new Set(
    [...readFileSync(join(ROOT, 'docs/PROTOCOL.md'), 'utf8').matchAll(/^(\d+)\. /gm)].map(([, number]) => number),
  );
  const cited = [
    ...readSources('src'),
    ...readSources('test').filter(([file]) => file !== import.meta.filename),
  ].flatMap(([file, text]) =>
    // A comment can go on with the number in its next line.
    [...text.matchAll(/\bPROTOCOL\b(?!\.md)(?:[\s*]+(\d+(?:, \d+)*))?/g)].flatMap(([, numbers]) =>
      (numbers ?? 'no number').split(', ').map((number) => ({ file, number })),
    ),
  );
  expect(cited.length).toBeGreaterThan(20);
  expect(cited.filter(({ number }) => !entries.has(number))).toEqual([]);
});
