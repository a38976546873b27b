import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** File names, relative to the work directory, and what is in them. */
export type Files = Record<string, string>;

/** The texts that `each` gives for 0 to `times` - 1, one after the other. */
export function repeat(times: number, each: (i: number) => string): string {
  return Array.from({ length: times }, (_, i) => each(i)).join('');
}

export function writeFiles(directory: string, files: Files): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}
