import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { ensureStateRoot } from '../../src/pool/state-folder.js';
import { makeWorld } from '../e2e/world.js';
import { bundle } from '../process/bundle.js';
import { start } from '../process/start.js';

const UID = process.getuid?.() ?? -1;
/** Only root can give a folder away. */
const isRoot = UID === 0;

/** Returns a folder that goes with the test. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'js-state-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

const modeOf = (path: string): string => (statSync(path).mode & 0o7777).toString(8);

describe('the state folder', () => {
  test('is made for its user alone, whatever the umask', () => {
    const folder = makeFolder();
    const umask = process.umask(0);
    onTestFinished(() => void process.umask(umask));
    const root = ensureStateRoot({ XDG_RUNTIME_DIR: folder });
    expect(root).toBe(`${folder}/jobserver-tools`);
    expect(modeOf(root)).toBe('700');
    // And is taken as it is the next time.
    writeFileSync(`${root}/file`, '');
    expect(ensureStateRoot({ XDG_RUNTIME_DIR: folder })).toBe(root);
    expect(readdirSync(root)).toEqual(['file']);
  });

  test('whose folder is not there cannot be made', () =>
    expect(() => ensureStateRoot({ JOBSERVER_TOOLS_STATE: '/is/not/there' })).toThrow(
      expect.objectContaining({
        kind: 'failed',
        message: "cannot create the state folder '/is/not/there': No such file or directory",
      }),
    ));
});

/** What somebody else could have put there: what it is, why it is refused, who can test it. */
const REFUSED: [string, (root: string) => void, string, boolean?][] = [
  [
    'a symbolic link to a good folder',
    (root) => {
      mkdirSync(`${root}-real`, { mode: 0o700 });
      symlinkSync(`${root}-real`, root);
    },
    'it is a symbolic link',
  ],
  ['a symbolic link to nothing', (root) => symlinkSync(`${root}-nothing`, root), 'it is a symbolic link'],
  ['a file', (root) => writeFileSync(root, '', { mode: 0o600 }), 'it is not a folder'],
  [
    'a folder that the group may write',
    (root) => makeWithMode(root, 0o770),
    'other users can access it (its mode must be 0700)',
  ],
  [
    'a folder that all may read',
    (root) => makeWithMode(root, 0o704),
    'other users can access it (its mode must be 0700)',
  ],
  [
    'a folder that all may enter',
    (root) => makeWithMode(root, 0o701),
    'other users can access it (its mode must be 0700)',
  ],
  [
    "another user's folder",
    (root) => {
      makeWithMode(root, 0o700);
      chownSync(root, UID + 1, -1);
    },
    `it belongs to user ${UID + 1}`,
    true,
  ],
];

function makeWithMode(root: string, mode: number): void {
  mkdirSync(root);
  chmodSync(root, mode);
}

describe.each(REFUSED)('%s', (_, prepare, why, needsRoot = false) => {
  const name = needsRoot && !isRoot ? ' (needs root)' : '';
  const message = (root: string) =>
    `refusing to use the state folder '${root}': ${why}; remove it or set JOBSERVER_TOOLS_STATE`;

  test.skipIf(needsRoot && !isRoot)(`is refused${name}`, () => {
    const runtime = makeFolder();
    const root = `${runtime}/jobserver-tools`;
    prepare(root);
    const refusal = expect.objectContaining({ name: 'JobserverError', kind: 'failed', message: message(root) });
    expect(() => ensureStateRoot({ XDG_RUNTIME_DIR: runtime })).toThrow(refusal);
    // Under sudo the variable may name another user's.
    if (!needsRoot) expect(() => ensureStateRoot({ JOBSERVER_TOOLS_STATE: root })).toThrow(refusal);
  });

  test.skipIf(needsRoot && !isRoot)(`is refused by js-create and js-run with one line${name}`, async () => {
    const world = makeWorld();
    const runtime = join(world.dir, 'other');
    mkdirSync(runtime);
    const root = `${runtime}/jobserver-tools`;
    prepare(root);
    const script =
      'mkfifo f; exec 5<>f; printf + >&5; js-create -j2 -- touch ran; echo $?; js-run --fifo f -- touch ran; echo $?';
    expect(await world.run(script, { env: { XDG_RUNTIME_DIR: runtime, JOBSERVER_TOOLS_STATE: '' } })).toEqual({
      stdout: '1\n125\n',
      stderr: `js-create: ${message(root)}\njs-run: ${message(root)}\n`,
      status: 0,
    });
    expect(existsSync(join(world.dir, 'ran'))).toBe(false);
    expect(existsSync(`${root}-real`) ? readdirSync(`${root}-real`) : []).toEqual([]);
    expect(existsSync(`${root}-nothing`)).toBe(false);
  });
});

test('commands that start together make it once', async () => {
  const program = bundle(`
    import { ensureStateRoot } from './pool/state-folder.js';
    process.stdin.once('data', (text) => {
      while (Date.now() < Number(text));
      for (let index = 0; index < 500; index++) ensureStateRoot({ JOBSERVER_TOOLS_STATE: process.argv[2] + '/' + index });
      process.exit();
    });
    process.stdout.write('ready');`);
  const folder = makeFolder();
  const commands = [0, 1, 2, 3].map(() =>
    start(process.execPath, [program, folder], { stdio: ['pipe', 'pipe', 'inherit'], env: {} }),
  );
  await Promise.all(commands.map((command) => once(command.stdout as NodeJS.EventEmitter, 'data')));
  const when = Date.now() + 20;
  for (const command of commands) command.stdin?.write(String(when));
  const ends = await Promise.all(commands.map((command) => once(command, 'exit')));
  expect(ends.map(([status]) => status)).toEqual([0, 0, 0, 0]);
  expect(readdirSync(folder)).toHaveLength(500);
});

test("a job with a TMPDIR of its own shares its pool's state folder", async () => {
  const world = makeWorld();
  const script = `js-create -j2 -- sh -c 'env -i PATH="$PATH" MAKEFLAGS="$MAKEFLAGS" TMPDIR="$PWD/tmp" js-run --require -- sh -c "ls run/*/*/claims | wc -l"'`;
  mkdirSync(join(world.dir, 'tmp'));
  expect(await world.run(script)).toEqual({ stdout: '1\n', stderr: '', status: 0 });
  expect(readdirSync(join(world.dir, 'tmp'))).toEqual([]);
});
