import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { findProgram } from '../../src/tools/find-program.js';
import { bundle } from '../process/bundle.js';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'js-program-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
});

/** Returns the path of a new file that can be run */
function writeProgram(name: string): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, '', { mode: 0o755 });
  return file;
}

describe('findProgram', () => {
  test('takes the first on PATH that can be run', () => {
    mkdirSync(join(folder, 'a/tool'), { recursive: true });
    mkdirSync(join(folder, 'b'));
    writeFileSync(join(folder, 'b/tool'), '', { mode: 0o644 });
    writeProgram('c/tool');
    writeProgram('d/tool');
    const path = ['/is/not/there', 'a', 'b', 'c', 'd'].map((name) => (name[0] === '/' ? name : join(folder, name)));
    expect(findProgram('tool', path.join(':'))?.file).toBe(join(folder, 'c/tool'));
    expect(findProgram(join(folder, 'd/tool'), path.join(':'))?.file).toBe(join(folder, 'd/tool'));
    expect(findProgram(join(folder, 'b/tool'), path.join(':'))).toBeUndefined();
    expect(findProgram('tool', '/is/not/there')).toBeUndefined();
  });

  test('is never a wrapper of ours', () => {
    const [tool, shim] = ['bin/make', 'dist/shims/make/make'].map((name) => writeProgram(name));
    // The wrappers are where the program is.
    const program = join(folder, 'dist/cli/program.js');
    mkdirSync(dirname(program), { recursive: true });
    const code = `
      import { shimFolder } from './tools/shim-folder.js';
      import { findProgram } from './tools/find-program.js';
      const [, , shim, tools] = process.argv;
      const found = [['make', shimFolder('make') + ':' + tools], [shim, tools], ['make', shimFolder('make')]];
      console.log(JSON.stringify(found.map(([name, path]) => findProgram(name, path)?.file ?? null)));`;
    copyFileSync(bundle(code), program);
    const output = execFileSync(process.execPath, [program, `${shim}`, join(folder, 'bin')], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual([tool, tool, null]);
  });
});
