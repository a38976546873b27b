import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../docs/commands.js';

const SRC = join(ROOT, 'src');

/** Each file of src/, by its path below that, and its text without comments. */
const SOURCES = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((file): [string, string] => [
    file,
    readFileSync(join(SRC, file), 'utf8').replace(/^ *(\/\*[\s\S]*?\*\/|\/\/.*)$/gm, ''),
  ]);

/** What the package imports late of our own: a path from the file that does so. The executable is one file. */
const LATE = SOURCES.filter(([file]) => !file.startsWith('standalone/')).flatMap(([file, text]) =>
  [...text.matchAll(/\bimport\(\s*'(\.[^']*)'/g)].map(([, path = '']): [string, string] => [file, path]),
);

/** What is loaded when a command has started and has not yet looked at its command line. */
function listLoaded(command: string): { required: string[]; internal: string[] } {
  const program = `
    const { readFileSync } = require('node:fs');
    const folder = ${JSON.stringify(join(ROOT, 'dist/start'))};
    const text = readFileSync(folder + '/${command}.js', 'utf8');
    const required = [];
    const before = new Set(process.moduleLoadList);
    new (require('node:vm').Script)(text).runInThisContext()((id) => {
      required.push(id);
      return require(id);
    }, folder);
    const internal = process.moduleLoadList.filter((name) => !before.has(name));
    console.log(JSON.stringify({ required, internal }));
    process.exit();`;
  return JSON.parse(execFileSync(process.execPath, ['-e', program], { cwd: ROOT, encoding: 'utf8' }));
}

describe('what is loaded late', () => {
  // build.sh finds them by this spelling.
  test.each(LATE)('%s imports %s, which is a file of its own in dist/', (_, path) => {
    expect(path).toMatch(/^\.\.\/[a-z-]+\/[a-z-]+\.js$/);
    expect(existsSync(join(ROOT, 'dist', path.slice(3)))).toBe(true);
  });

  test('is there at all', () => expect(new Set(LATE.map(([, path]) => path)).size).toBeGreaterThan(3));
});

describe.each(readdirSync(join(SRC, 'commands')).map((file) => basename(file, '.ts')))('the start of %s', (command) => {
  const { required, internal } = listLoaded(command);

  test('loads modules of Node only, and what writes shell code', () => {
    const others = required.filter((id) => !id.startsWith('node:'));
    expect(others).toEqual(['js-create', 'js-env'].includes(command) ? ['shell-quote'] : []);
  });

  test('loads nothing that starts programs or has to do with the network', () => {
    const slow = ['child_process', 'net', 'dgram', 'stream', 'worker_threads'].map((name) => `NativeModule ${name}`);
    expect(internal.filter((name) => slow.includes(name))).toEqual([]);
  });
});
