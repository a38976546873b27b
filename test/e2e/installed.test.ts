import { spawnSync } from 'node:child_process';
import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { start } from '../process/start.js';
import { install } from '../setup/install-package.js';
import { commandsNode } from '../setup/tools.js';

const NOBODY = 65534;
const isRoot = process.getuid?.() === 0;

const top = fs.mkdtempSync(join(tmpdir(), 'js-installed-'));
afterAll(() => fs.rmSync(top, { recursive: true }));
fs.chmodSync(top, 0o755);

// Without the code that the build made: what is packed is seldom made by the Node that runs it.
const { bin, root } = install(join(top, 'prefix'));
const starts = join(root, 'dist/start');
const built = fs.readdirSync(starts).filter((name) => name.endsWith('.code'));
const withCode = install(join(top, 'with-code')).bin;
for (const name of built) fs.unlinkSync(join(starts, name));

interface Options {
  env?: NodeJS.ProcessEnv;
  command?: string;
  user?: number;
  node?: string;
}

/** Runs `js-run true`, or another command, in a given environment; returns what it wrote to stdout. */
function run({
  env = { XDG_CACHE_HOME: cacheHome },
  command = join(bin, 'js-run'),
  user = -1,
  node = commandsNode,
}: Options = {}): string {
  const words = [command, 'true'];
  const ids = user < 0 ? {} : { uid: user, gid: user };
  const { status, stdout, stderr } = spawnSync(node, words, { cwd: '/', encoding: 'utf8', env, ...ids });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

let cacheHome = '';
let kept = '';
beforeEach(() => {
  cacheHome = fs.mkdtempSync(join(top, 'cache-'));
  kept = join(cacheHome, 'jobserver-tools');
});

/** The only file in which code is kept. */
function keptFile(folder = kept): string {
  const names = fs.readdirSync(folder);
  expect(names).toEqual([expect.stringMatching(/^js-run-[0-9a-f]{16}-v[\d.]+-\w+\.code$/)]);
  return join(folder, names[0] ?? '');
}

const LONG_AGO = new Date('2020-01-01');

describe('the first start keeps the code', () => {
  it('and the next one runs it, which V8 takes', () => {
    run();
    const file = keptFile();
    expect(fs.statSync(kept).mode & 0o777).toBe(0o700);
    expect(fs.statSync(file).mode & 0o777).toBe(0o600);
    // If V8 refused code as old as this, it would be replaced, as the next test shows.
    fs.utimesSync(file, LONG_AGO, LONG_AGO);
    run();
    expect(fs.statSync(file).mtime).toEqual(LONG_AGO);
  });

  it('again if V8 refuses it, but at most once an hour', () => {
    run();
    const file = keptFile();
    fs.writeFileSync(file, 'spoiled');
    run();
    expect(fs.readFileSync(file, 'utf8')).toBe('spoiled');
    fs.utimesSync(file, LONG_AGO, LONG_AGO);
    run();
    expect(fs.statSync(file).size).toBeGreaterThan(10_000);
    expect(keptFile()).toBe(file);
  });

  it('for the flags of NODE_OPTIONS apart', () => {
    run();
    const plain = keptFile();
    const env = { XDG_CACHE_HOME: cacheHome, NODE_OPTIONS: '--no-warnings --max-old-space-size=500' };
    run({ env });
    const flagged = plain.replace('.code', '--max-old-space-size=500.code');
    expect(fs.readdirSync(kept).map((name) => join(kept, name))).toEqual([flagged, plain].sort());
    fs.utimesSync(flagged, LONG_AGO, LONG_AGO);
    run({ env });
    expect(fs.statSync(flagged).mtime).toEqual(LONG_AGO);
  });

  it('in ~/.cache, which it makes if it is missing', () => {
    const home = join(cacheHome, 'home');
    fs.mkdirSync(home);
    run({ env: { HOME: home } });
    keptFile(join(home, '.cache/jobserver-tools'));
    expect(fs.statSync(join(home, '.cache')).mode & 0o777).toBe(0o700);
  });

  it('through a link of the user', () => {
    fs.symlinkSync(cacheHome, `${cacheHome}-link`);
    run({ env: { XDG_CACHE_HOME: `${cacheHome}-link` } });
    keptFile();
  });

  it('once, if several start at the same time', async () => {
    const children = Array.from({ length: 6 }, () =>
      start(commandsNode, [join(bin, 'js-run'), 'true'], { env: { XDG_CACHE_HOME: cacheHome } }),
    );
    const ends = children.map((child) => new Promise((resolve) => child.once('exit', resolve)));
    expect(await Promise.all(ends)).toEqual(children.map(() => 0));
    keptFile();
  });

  it('and removes the oldest of many, and what was never finished', () => {
    fs.mkdirSync(kept, { mode: 0o700 });
    for (let day = 1; day <= 40; day++) {
      const file = join(kept, `js-run-${day}.code`);
      fs.writeFileSync(file, '');
      fs.utimesSync(file, day * 86_400, day * 86_400);
    }
    fs.writeFileSync(join(kept, 'js-env-1.code.new'), '');
    fs.utimesSync(join(kept, 'js-env-1.code.new'), LONG_AGO, LONG_AGO);
    fs.writeFileSync(join(kept, 'js-env-2.code.new'), '');
    run();
    const names = fs.readdirSync(kept);
    expect(names.length).toBe(32 + 1);
    expect(names).toContain('js-run-40.code');
    expect(names).toContain('js-env-2.code.new');
    expect(names).not.toContain('js-run-1.code');
    expect(names).not.toContain('js-env-1.code.new');
  });

  it('unless it is for the Node that the build ran on', () => {
    run({ command: join(withCode, 'js-run') });
    const isBuilt = built.some((name) => name.includes(nodeVersion()));
    expect(fs.existsSync(kept)).toBe(!isBuilt);
  });
});

function nodeVersion(): string {
  return spawnSync(commandsNode, ['--version'], { encoding: 'utf8' }).stdout.trim();
}

describe('it only takes longer', () => {
  it.each<[what: string, env: NodeJS.ProcessEnv]>([
    ['without HOME', {}],
    ['with a HOME that is not there', { HOME: join(top, 'nowhere') }],
    ['with a HOME that is no folder', { HOME: '/dev/null' }],
    ['with a relative XDG_CACHE_HOME', { XDG_CACHE_HOME: 'relative' }],
    ['in /proc, where no folder can be made', { XDG_CACHE_HOME: '/proc/self' }],
    ['with a folder that nobody can make', { XDG_CACHE_HOME: '/proc/nowhere' }],
  ])('%s', (_, env) => {
    expect(run({ env })).toBe('');
  });

  it('if nothing can be written', () => {
    const env = { XDG_CACHE_HOME: cacheHome };
    const script = `ulimit -f 0; exec '${commandsNode}' '${join(bin, 'js-run')}' true`;
    expect(spawnSync('sh', ['-c', script], { env, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
    expect(fs.readdirSync(kept)).toEqual([]);
  });
});

/** Makes code that prints a word and that V8 takes for a command's: it compares only the length of the source. */
const PLANTED = join(top, 'planted.code');
const planter = `
const { compile } = require(${JSON.stringify(join(root, 'bin/keep-code.js'))});
const { length } = require('fs').readFileSync(${JSON.stringify(join(starts, 'js-run.js'))}, 'utf8');
const source = "(function () { console.log('planted'); })".padEnd(length);
require('fs').writeFileSync(${JSON.stringify(PLANTED)}, compile('planted.js', source));`;

/** What somebody does to the folder that has planted code in it, after which it must not be run. */
const FAULTS: Array<[what: string, spoil: (file: string) => void]> = [
  ['others can write the file', (file) => fs.chmodSync(file, 0o606)],
  ['a group can write the file', (file) => fs.chmodSync(file, 0o660)],
  ['the file is a link', (file) => moveBehindLink(file)],
  ['the file is a FIFO', (file) => replaceByFifo(file)],
  ['others can write the folder', () => fs.chmodSync(kept, 0o707)],
  ['others can read the folder', () => fs.chmodSync(kept, 0o755)],
  ['the folder is a link', () => moveBehindLink(kept)],
  ['others can write the folder above', () => fs.chmodSync(cacheHome, 0o777)],
  ['others can write a folder that the one above is linked to', () => moveIntoOpenFolder(cacheHome)],
];

/** The same, where the files of two users are needed. */
const FOREIGN: typeof FAULTS = [
  ["the file is another user's", (file) => fs.chownSync(file, NOBODY, NOBODY)],
  ["the folder is another user's", () => fs.chownSync(kept, NOBODY, NOBODY)],
  ["the folder above is another user's", () => fs.chownSync(cacheHome, NOBODY, NOBODY)],
];

function moveBehindLink(path: string): void {
  fs.renameSync(path, `${cacheHome}-moved`);
  fs.symlinkSync(`${cacheHome}-moved`, path);
}

function moveIntoOpenFolder(path: string): void {
  const open = `${path}-open`;
  fs.mkdirSync(open);
  fs.chmodSync(open, 0o777);
  fs.renameSync(path, join(open, 'cache'));
  fs.symlinkSync(join(open, 'cache'), path);
}

function replaceByFifo(file: string): void {
  fs.unlinkSync(file);
  expect(spawnSync('mkfifo', [file]).status).toBe(0);
}

describe('nothing is run that another user could have written', () => {
  beforeEach(() => {
    if (!fs.existsSync(PLANTED)) expect(spawnSync(commandsNode, ['-e', planter]).status).toBe(0);
    run();
    fs.copyFileSync(PLANTED, keptFile());
    expect(run()).toBe('planted\n');
  });

  it.each(FAULTS)('if %s', (_, spoil) => {
    spoil(keptFile());
    expect(run()).toBe('');
  });

  it.runIf(isRoot).each(FOREIGN)('if %s', (_, spoil) => {
    spoil(keptFile());
    expect(run()).toBe('');
  });

  it.runIf(isRoot)("if another user's link leads there", () => {
    const link = `${cacheHome}-link`;
    fs.symlinkSync(cacheHome, link);
    const env = { XDG_CACHE_HOME: link };
    expect(run({ env })).toBe('planted\n');
    fs.lchownSync(link, NOBODY, NOBODY);
    expect(run({ env })).toBe('');
  });
});

describe.runIf(isRoot)('two users', () => {
  it('share what root has installed, and each keeps code of their own', () => {
    fs.chownSync(cacheHome, NOBODY, NOBODY);
    // The other user may not be able to reach it where it is.
    const node = join(top, 'node');
    fs.copyFileSync(commandsNode, node);
    run({ user: NOBODY, env: { HOME: cacheHome }, node });
    const folder = join(cacheHome, '.cache/jobserver-tools');
    expect(fs.statSync(keptFile(folder)).uid).toBe(NOBODY);
  });

  it('root under the HOME of another, as with sudo, writes nothing there', () => {
    fs.chownSync(cacheHome, NOBODY, NOBODY);
    run({ env: { HOME: cacheHome } });
    expect(fs.readdirSync(cacheHome)).toEqual([]);
  });
});
