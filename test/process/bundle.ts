import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { buildSync } from 'esbuild';
import { onTestFinished } from 'vitest';

/**
 * Bundles TypeScript code into a program, for what has to happen in a process of its own.
 * @param code its imports are relative to src/
 * @returns the program's file, for node; it is removed after the test
 */
export function bundle(code: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'js-program-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const outfile = join(folder, 'program.js');
  buildSync({
    stdin: { contents: code, loader: 'ts', resolveDir: resolve(import.meta.dirname, '../../src') },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    outfile,
  });
  return outfile;
}
