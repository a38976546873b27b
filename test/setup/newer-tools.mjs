/**
 * Versions other than the machine's, each in a folder of its own in the cache, so that a test chooses a version by
 * putting that folder's bin/ first on PATH. The machine's own packages and its apt configuration stay as they are.
 */
import { execFile } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCommand, run } from './machine.mjs';
import { otherNodes } from './other-nodes.mjs';

/** tools.ts names the same folders. */
const cache = fileURLToPath(new URL('../../node_modules/.cache/jobserver-tools/tools', import.meta.url));

/**
 * @typedef {object} CachedTool
 * @property {string} name its folder in the cache
 * @property {string} command its file in the folder's bin/
 * @property {string} [asks] the option for its version, if it is not `--version`
 * @property {RegExp} version what it must print then
 * @property {(staging: string, folder: string) => Promise<void>} unpack fills staging, which is then renamed to folder
 */

/** @type {CachedTool[]} */
export const cachedTools = [
  { name: 'make-4.4.1', command: 'make', version: /^GNU Make 4\.4\.1$/m, unpack: fromDebian('make', 'make=4.4.1*') },
  { name: 'ninja-1.13', command: 'ninja', version: /^1\.13\./, unpack: fromDebian('ninja', 'ninja-build=1.13*') },
  // PyPI's build is patched: it takes part in a pipe-style jobserver too.
  {
    name: 'ninja-pypi',
    command: 'ninja',
    version: /^1\.13\..*jobserver/,
    unpack: fromPyPI('ninja==1.13.*', moveScripts),
  },
  // The first that takes part in a jobserver is 3.29.
  {
    name: 'ctest-3.31',
    command: 'ctest',
    version: /^ctest version 3\.31\./,
    unpack: fromPyPI('cmake==3.31.*', moveCMake),
  },
  // Verifies the models of test/model.
  { name: 'spin', command: 'spin', asks: '-V', version: /^Spin Version 6\./m, unpack: fromDebian('spin', 'spin') },
  // For the commands; the tests themselves run on the machine's.
  ...otherNodes.map((major) => ({
    name: `node-${major}`,
    command: 'node',
    version: new RegExp(`^v${major}\\.`),
    unpack: fromNpm(`node-linux-${process.arch}@${major}`),
  })),
];

/** @param {CachedTool} tool @throws {Error} if it is missing and cannot be installed */
export async function ensureCachedTool(tool) {
  const folder = join(cache, tool.name);
  if (await isReady(tool, folder)) return;
  console.error(`install-tools: unpacking ${tool.name}`);
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, `.${tool.name}-`));
  try {
    await tool.unpack(staging, folder);
    // Only now does it get its name: an interrupted run leaves nothing that looks complete. Whoever was faster than us
    // may already have started it, so a good one is not replaced.
    if (await isReady(tool, folder)) return;
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
  if (!(await isReady(tool, folder)))
    throw new Error(`${folder}/bin/${tool.command} ${tool.asks ?? '--version'} did not print ${tool.version}`);
}

/** @param {CachedTool} tool @param {string} folder @returns {Promise<boolean>} */
function isReady(tool, folder) {
  return new Promise((done) => {
    execFile(join(folder, 'bin', tool.command), [tool.asks ?? '--version'], (error, stdout) =>
      done(error === null && tool.version.test(stdout)),
    );
  });
}

/** @type {Promise<string> | undefined} */
let suites;

/**
 * An apt configuration with sources, lists and status of its own, for the suites that have the newer versions: trixie
 * for make 4.4.1, forky for ninja 1.13.
 * @returns {Promise<string>} its path
 */
async function openSuites() {
  const directory = mkdtempSync(join(cache, '.apt-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  for (const folder of ['etc', 'state/lists/partial', 'cache/archives/partial']) {
    mkdirSync(join(directory, folder), { recursive: true });
  }
  const source = 'deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian';
  writeFileSync(join(directory, 'etc/sources.list'), `${source} trixie main\n${source} forky main\n`);
  writeFileSync(join(directory, 'state/status'), '');
  const configuration = join(directory, 'apt.conf');
  // apt reads this after the machine's own, whose hooks, pins and extra indexes are not for here. The sandbox's user
  // may not enter a private folder.
  writeFileSync(
    configuration,
    `Dir::Etc "${directory}/etc";
Dir::State "${directory}/state";
Dir::State::status "${directory}/state/status";
Dir::Cache "${directory}/cache";
APT::Sandbox::User "root";
Acquire::Languages "none";
#clear Acquire::IndexTargets::deb::DEP-11;
#clear APT::Default-Release;
#clear APT::Update;
`,
  );
  await run('apt-get', ['-c', configuration, 'update']);
  return configuration;
}

/**
 * A program of a newer suite needs that suite's C library, and that one its own loader: the program is told to use
 * the ones beside it. No LD_LIBRARY_PATH, which the machine's programs that it starts would inherit.
 * @param {string} command
 * @param {string} wanted as apt-get takes it: PACKAGE=VERSION
 * @returns {CachedTool['unpack']}
 */
function fromDebian(command, wanted) {
  return async (staging, folder) => {
    suites ??= ensureCommand('patchelf', ['patchelf']).then(openSuites);
    const packages = [wanted, 'libc6', 'libstdc++6', 'libgcc-s1'];
    await run('apt-get', ['-c', await suites, 'download', ...packages], { cwd: staging });
    for (const file of readdirSync(staging)) await run('dpkg', ['-x', file, 'root'], { cwd: staging });

    // The folder is named after the architecture: x86_64-linux-gnu, aarch64-linux-gnu.
    const triplet = readdirSync(join(staging, 'root/usr/lib')).find((name) => name.endsWith('-linux-gnu'));
    const lib = join(staging, 'root/usr/lib', triplet ?? '');
    const loader = readdirSync(lib).find((name) => name.startsWith('ld-linux'));
    if (!loader) throw new Error(`no loader in ${lib}`);
    renameSync(lib, join(staging, 'lib'));
    renameSync(join(staging, 'root/usr/bin'), join(staging, 'bin'));
    for (const name of readdirSync(staging)) {
      if (name !== 'bin' && name !== 'lib') rmSync(join(staging, name), { recursive: true });
    }
    // RPATH, not RUNPATH: it is also used for what libstdc++ needs, which else would be the machine's older libm.
    const search = ['--force-rpath', '--set-rpath', join(folder, 'lib')];
    const interpreter = ['--set-interpreter', join(folder, 'lib', loader)];
    await run('patchelf', [...search, ...interpreter, join(staging, 'bin', command)]);
  };
}

/**
 * @param {string} wanted as pip takes it
 * @param {(wheel: string, staging: string) => void} move takes out of the unpacked wheel what is needed
 * @returns {CachedTool['unpack']}
 */
function fromPyPI(wanted, move) {
  return async (staging) => {
    const wheels = join(staging, 'wheels');
    await run('python3', ['-m', 'pip', 'download', '-d', wheels, '--only-binary=:all:', '--no-deps', wanted]);
    for (const wheel of readdirSync(wheels)) await run('python3', ['-m', 'zipfile', '-e', join(wheels, wheel), wheels]);
    move(wheels, staging);
    // zipfile drops the modes.
    for (const file of readdirSync(join(staging, 'bin'))) chmodSync(join(staging, 'bin', file), 0o755);
    rmSync(wheels, { recursive: true });
  };
}

/** @param {string} wheel @param {string} staging */
function moveScripts(wheel, staging) {
  const data = readdirSync(wheel).find((name) => name.endsWith('.data'));
  if (!data) throw new Error('the wheel has no .data folder');
  renameSync(join(wheel, data, 'scripts'), join(staging, 'bin'));
}

/** ctest starts without a warning only if its modules are next to it. @param {string} wheel @param {string} staging */
function moveCMake(wheel, staging) {
  for (const folder of ['bin', 'share']) renameSync(join(wheel, 'cmake/data', folder), join(staging, folder));
}

/**
 * @param {string} wanted as npm takes it; its bin/ is what is kept
 * @returns {CachedTool['unpack']}
 */
function fromNpm(wanted) {
  return async (staging) => {
    await run('npm', ['pack', '--silent', wanted], { cwd: staging });
    for (const file of readdirSync(staging)) {
      await run('tar', ['-xzf', file, 'package/bin'], { cwd: staging });
      rmSync(join(staging, file));
    }
    renameSync(join(staging, 'package/bin'), join(staging, 'bin'));
    rmSync(join(staging, 'package'), { recursive: true });
  };
}
