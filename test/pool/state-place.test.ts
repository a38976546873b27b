import { execFileSync, spawnSync } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stateRoot } from '../../src/pool/state-folder.js';
import { bundle } from '../process/bundle.js';

const UID = process.getuid?.() ?? -1;
/** Only root can give a folder away. */
const isRoot = UID === 0;

/** The last place of all. */
const TMP = `/tmp/jobserver-tools-${UID}`;
const RUN_USER = `/run/user/${UID}`;
/** The place if no variable names another: not every machine that runs the tests has a /run/user. */
const USUAL = statSync(RUN_USER, { throwIfNoEntry: false })?.uid === UID ? `${RUN_USER}/jobserver-tools` : TMP;

/** Returns a folder that goes with the test. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'js-place-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('the place of the state folder', () => {
  test('is what JOBSERVER_TOOLS_STATE says', () => {
    expect(stateRoot({ JOBSERVER_TOOLS_STATE: '/x/y', XDG_RUNTIME_DIR: makeFolder() })).toBe('/x/y');
  });

  test.each(['', 'x/y', './x'])('is not what JOBSERVER_TOOLS_STATE=%o says', (state) => {
    expect(stateRoot({ JOBSERVER_TOOLS_STATE: state })).toBe(USUAL);
    const runtime = makeFolder();
    const env = { JOBSERVER_TOOLS_STATE: state, XDG_RUNTIME_DIR: runtime };
    expect(stateRoot(env)).toBe(`${runtime}/jobserver-tools`);
  });

  test('is in XDG_RUNTIME_DIR', () => {
    const runtime = makeFolder();
    expect(stateRoot({ XDG_RUNTIME_DIR: runtime })).toBe(`${runtime}/jobserver-tools`);
  });

  test.each(['', 'run', '/is/not/there'])('is not in XDG_RUNTIME_DIR=%o', (runtime) => {
    expect(stateRoot({ XDG_RUNTIME_DIR: runtime })).toBe(USUAL);
  });

  // As sudo leaves them.
  test.each(['a $ sign', 'a$sign', 'a"quote'])('is not in a folder named %j, which MAKEFLAGS cannot carry', (name) => {
    const runtime = join(makeFolder(), name);
    mkdirSync(runtime, { mode: 0o700 });
    expect(stateRoot({ XDG_RUNTIME_DIR: runtime })).toBe(USUAL);
  });

  test.skipIf(!isRoot).each(['XDG_RUNTIME_DIR', 'JOBSERVER_TOOLS_STATE'])(
    "is not in another user's %s (needs root)",
    (variable) => {
      const folder = makeFolder();
      chownSync(folder, UID + 1, -1);
      expect(stateRoot({ [variable]: folder })).toBe(USUAL);
    },
  );

  // A job may have a TMPDIR of its own, and a pool has one set of locks.
  test.each(['', 'tmp', '/t', tmpdir()])('does not depend on TMPDIR=%o', (folder) => {
    expect(stateRoot({ TMPDIR: folder })).toBe(USUAL);
    const runtime = makeFolder();
    expect(stateRoot({ TMPDIR: folder, XDG_RUNTIME_DIR: runtime })).toBe(`${runtime}/jobserver-tools`);
  });

  test('is only named, not made', () => {
    const folder = makeFolder();
    stateRoot({ XDG_RUNTIME_DIR: folder });
    expect(readdirSync(folder)).toEqual([]);
  });
});

/** Runs a program with a /run of its own; the machine's stays as it is. */
const UNSHARE = ['--mount', 'sh', '-ec'];
const canMount = spawnSync('unshare', [...UNSHARE, 'mount -t tmpfs none /run']).status === 0;

describe.skipIf(!canMount)('the place if no variable names one and /run/user/UID (needs root)', () => {
  test.each<[string, string, string, Record<string, string>?]>([
    ['is ours', `mkdir -p ${RUN_USER}`, `${RUN_USER}/jobserver-tools`],
    ['is ours, whatever TMPDIR says', `mkdir -p ${RUN_USER}`, `${RUN_USER}/jobserver-tools`, { TMPDIR: '/t' }],
    [
      'is ours, and XDG_RUNTIME_DIR says nowhere',
      `mkdir -p ${RUN_USER}`,
      `${RUN_USER}/jobserver-tools`,
      { XDG_RUNTIME_DIR: '/is/not/there' },
    ],
    [
      'is ours, but XDG_RUNTIME_DIR says another',
      `mkdir -p ${RUN_USER} /run/own`,
      '/run/own/jobserver-tools',
      { XDG_RUNTIME_DIR: '/run/own' },
    ],
    ['is not there', 'mkdir /run/user', TMP],
    ['is not there, with a TMPDIR', ':', TMP, { TMPDIR: '/t' }],
    ["is another user's", `mkdir -p ${RUN_USER}; chown ${UID + 1} ${RUN_USER}`, TMP],
    ['leads nowhere', `mkdir /run/user; ln -s nothing ${RUN_USER}`, TMP],
  ])('%s', (_, prepare, place, env = {}) => {
    const program = bundle(`
      import { stateRoot } from './pool/state-folder.js';
      process.stdout.write(stateRoot(process.env));`);
    const script = `mount -t tmpfs none /run; ${prepare}; exec "$@"`;
    const args = [...UNSHARE, script, '-', process.execPath, program];
    expect(execFileSync('unshare', args, { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } })).toBe(place);
  });
});
