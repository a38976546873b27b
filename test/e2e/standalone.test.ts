import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execaSync } from 'execa';
import { afterAll, describe, expect, it } from 'vitest';
import { COMMANDS, ROOT } from '../docs/commands.js';
import { EXECUTABLE, installStandalone } from '../setup/install-standalone.js';
import { make43, make441Dir } from '../setup/tools.js';

const top = fs.mkdtempSync(join(tmpdir(), 'js-standalone-'));
afterAll(() => fs.rmSync(top, { recursive: true }));
const prefix = join(top, 'prefix');
installStandalone(prefix);
const bin = join(prefix, 'bin');

/** A PATH with what the scripts here need, and no node. */
const tools = join(top, 'tools');
fs.mkdirSync(tools);
for (const name of ['cat', 'echo', 'env', 'grep', 'kill', 'mkfifo', 'prlimit', 'readlink', 'sh', 'true'])
  fs.symlinkSync(`/bin/${name}`, join(tools, name));
fs.symlinkSync(make43, join(tools, 'make'));
fs.mkdirSync(join(top, 'run'), { mode: 0o700 });
const env = { PATH: `${bin}:${tools}`, XDG_RUNTIME_DIR: join(top, 'run'), HOME: top };

function run(script: string, more: Record<string, string> = {}) {
  const options = { cwd: top, env: { ...env, ...more }, extendEnv: false, reject: false, stdin: 'ignore' } as const;
  const { stdout, stderr, exitCode } = execaSync('/bin/sh', ['-c', script], { ...options, timeout: 60_000 });
  return { stdout, stderr, status: exitCode };
}

/** What a script prints that succeeds without a message. */
function outputOf(script: string, more?: Record<string, string>): string {
  const { stdout, stderr, status } = run(script, more);
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

const NAMES = COMMANDS.map(({ name }) => name).sort();

describe('without a node on PATH', () => {
  it('there is none', () => expect(run('node -e 0').status).toBe(127));

  it('the keeper is the executable', () => {
    const script = `pid=$(grep -oE '"keeper": "[0-9]+' run/*/*/pool.json | grep -oE '[0-9]+$'); readlink /proc/$pid/exe`;
    fs.writeFileSync(join(top, 'find-keeper'), script);
    expect(outputOf('js-create -j 2 -- sh find-keeper')).toBe(join(bin, 'jobserver-tools'));
  });

  it('another keeper comes after one that was killed', () => {
    const keeper = `$(grep -oE '"keeper": "[0-9]+' run/*/*/pool.json | grep -oE '[0-9]+$')`;
    const script = `pid=${keeper}; kill -9 $pid; js-run true; js-run true; test $pid != ${keeper} && echo other`;
    fs.writeFileSync(join(top, 'kill-keeper'), script);
    expect(run('js-create -j 2 -- sh kill-keeper').stdout).toBe('other');
  });

  it.each([
    ['make 4.3', tools],
    ['make 4.4.1', make441Dir],
  ])('the wrapper of %s keeps a -j9 within the pool', (_, folder) => {
    fs.writeFileSync(join(top, 'Makefile'), 'all:\n\t@echo $(MAKEFLAGS)\n');
    const flags = outputOf('js-create -j 3 --shims -- sh -c "make -j9"', { PATH: `${bin}:${folder}:${tools}` });
    expect(flags).toContain('-j3');
  });
});

describe('the executable', () => {
  it.each([
    ['by a name', 'js-run echo x', 'x'],
    ['by a word', 'jobserver-tools js-run echo x', 'x'],
    ['by a word, with options', 'jobserver-tools js-run -q -- echo -q', '-q'],
    ['with --version', 'jobserver-tools --version', expect.stringMatching(/^jobserver-tools \(jobserver-tools\) \d/)],
    ['with --help', 'jobserver-tools --help', expect.stringMatching(/^Usage: jobserver-tools \[OPTION\]... COMMAND/)],
    ['with --help of a command', 'js-env --help', expect.stringMatching(/^Usage: js-env /)],
    ['with --help of install', 'jobserver-tools install --help', expect.stringMatching(/^ +--prefix .*DIR: /m)],
  ])('%s: %s', (_, script, output) => expect(outputOf(script)).toEqual(output));

  it.each([
    ['jobserver-tools', 'no command given (see jobserver-tools --help)'],
    ['jobserver-tools js-walk', "unknown command 'js-walk' (see jobserver-tools --help)"],
    ['jobserver-tools toString', "unknown command 'toString' (see jobserver-tools --help)"],
    ['jobserver-tools keeper', "unknown command 'keeper' (see jobserver-tools --help)"],
    ['jobserver-tools keeper x', "unknown command 'keeper' (see jobserver-tools --help)"],
  ])('refuses %s', (script, message) =>
    expect(run(script)).toEqual({ stdout: '', stderr: `jobserver-tools: ${message}`, status: 2 }),
  );

  it('reads no settings of Bun from the folder in which it runs', () => {
    const folder = join(top, 'settings');
    fs.mkdirSync(folder);
    fs.writeFileSync(join(folder, '.env'), 'FROM_FILE=1\n');
    fs.writeFileSync(join(folder, 'bunfig.toml'), 'preload = ["./preload.js"]\n');
    fs.writeFileSync(join(folder, 'preload.js'), 'console.log("preloaded");\n');
    expect(outputOf('cd settings; js-run sh -c "echo x$FROM_FILE"')).toBe('x');
  });

  it('runs a command before it is installed, and says what wrappers need', () => {
    const copy = join(top, 'copy');
    fs.copyFileSync(EXECUTABLE, copy);
    expect(outputOf('./copy js-run echo x')).toBe('x');
    expect(run('./copy js-create -j 2 --shims -- true')).toEqual({
      stdout: '',
      stderr: `js-create: there are no wrappers in '${join(top, '../lib/jobserver-tools/shims')}'; run 'jobserver-tools install'`,
      status: 1,
    });
    fs.unlinkSync(copy);
  });
});

/** Lists all files and links below a folder. */
const listFiles = (folder: string): string[] =>
  fs
    .readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !fs.lstatSync(join(folder, name)).isDirectory())
    .sort();

describe('install', () => {
  const read = (...path: string[]) => fs.readFileSync(join(...path), 'utf8');

  it('puts every command in place', () => {
    expect(fs.readdirSync(bin).sort()).toEqual(['jobserver-tools', ...NAMES].sort());
    for (const name of NAMES) expect(outputOf(`${name} --version`)).toContain(`${name} (jobserver-tools) `);
  });

  it('puts every manual page in place', () => {
    for (const page of fs.readdirSync(join(ROOT, 'man')))
      expect(read(prefix, `share/man/man${page.at(-1)}`, page)).toBe(read(ROOT, 'man', page));
  });

  it('puts the completions where the shells look', () => {
    const share = join(prefix, 'share');
    expect(read(share, 'zsh/site-functions/_jobserver-tools')).toBe(read(ROOT, 'completions/_jobserver-tools'));
    for (const name of NAMES) {
      expect(read(share, 'bash-completion/completions', name)).toBe(read(ROOT, 'completions/jobserver-tools.bash'));
      expect(read(share, 'fish/vendor_completions.d', `${name}.fish`)).toBe(
        read(ROOT, 'completions/jobserver-tools.fish'),
      );
    }
  });

  it("makes wrappers that are the package's but for the place of js-run", () => {
    const shims = join(prefix, 'lib/jobserver-tools/shims');
    expect(fs.readdirSync(shims).sort()).toEqual(fs.readdirSync(join(ROOT, 'dist/shims')).sort());
    const text = read(shims, 'make/make');
    expect(text.replace('/../../../bin/js-run"', '/../../bin/js-run.js"')).toBe(read(ROOT, 'dist/shims/make/make'));
    expect(text).toContain('/../../../bin/js-run"');
  });

  it('can be done again over what is there', () =>
    expect(outputOf(`jobserver-tools install --prefix ${prefix}`)).toBe(
      `installed in ${prefix}; 'jobserver-tools uninstall --prefix ${prefix}' takes it away again`,
    ));

  it('leaves alone a command that something else has installed, and then installs nothing', () => {
    const other = join(top, 'other');
    fs.mkdirSync(join(other, 'bin'), { recursive: true });
    fs.symlinkSync('../lib/node_modules/jobserver-tools/bin/js-run.js', join(other, 'bin/js-run'));
    expect(run(`jobserver-tools install --prefix ${other}`)).toEqual({
      stdout: '',
      stderr: `jobserver-tools install: '${other}/bin/js-run' is there already and is not ours; remove it, or choose another --prefix`,
      status: 1,
    });
    expect(listFiles(other)).toEqual(['bin/js-run']);
  });

  it.each([
    ['install /usr', "unexpected argument '/usr' (see jobserver-tools install --help)", 2],
    ['install --prefix', "option '--prefix' needs a value (see jobserver-tools install --help)", 2],
    [
      'install --prefix /dev/null/x',
      "cannot install '/dev/null/x/share/man/man7/jobserver-tools.7': Not a directory",
      1,
    ],
  ])('refuses %s', (words, message, status) =>
    expect(run(`jobserver-tools ${words}`)).toEqual({
      stdout: '',
      stderr: `jobserver-tools install: ${message}`,
      status,
    }),
  );
});

describe('uninstall', () => {
  it('takes away what install has put there, and nothing else', () => {
    const other = join(top, 'shared');
    installStandalone(other);
    fs.writeFileSync(join(other, 'bin/mine'), '');
    fs.unlinkSync(join(other, 'bin/js-run'));
    fs.symlinkSync('/bin/true', join(other, 'bin/js-run'));
    expect(outputOf(`${other}/bin/jobserver-tools uninstall --prefix ${other}`)).toBe(`removed from ${other}`);
    expect(listFiles(other)).toEqual(['bin/js-run', 'bin/mine']);
    expect(fs.readdirSync(other)).toEqual(['bin']);
  });

  it('leaves alone what npm or somebody else has put there', () => {
    const other = join(top, 'foreign');
    fs.mkdirSync(join(other, 'share/man/man1'), { recursive: true });
    fs.mkdirSync(join(other, 'share/man/man7'), { recursive: true });
    fs.symlinkSync('/dev/null', join(other, 'share/man/man1/js-run.1'));
    fs.writeFileSync(join(other, 'share/man/man7/jobserver-tools.7'), 'another one');
    expect(run(`jobserver-tools install --prefix ${other}`).stderr).toContain('js-run.1');
    expect(run(`jobserver-tools uninstall --prefix ${other}`).status).toBe(1);
    expect(listFiles(other).sort()).toEqual(['share/man/man1/js-run.1', 'share/man/man7/jobserver-tools.7']);
  });

  it('says if there is nothing', () =>
    expect(run(`jobserver-tools uninstall --prefix ${top}/nothing`)).toEqual({
      stdout: '',
      stderr: `jobserver-tools uninstall: nothing is installed in '${top}/nothing'; see --prefix`,
      status: 1,
    }));
});
