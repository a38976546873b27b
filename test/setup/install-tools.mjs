/**
 * vitest's global set-up: makes sure that the real tools which the tests start are there. To run it by hand:
 *
 *     node test/setup/install-tools.mjs
 *
 * What is missing is installed (Debian, as root) or unpacked into the cache. If a tool cannot be installed, that is an error if
 * CI=true, so that no suite is green because it was skipped there, and otherwise one warning for each tool.
 */
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureCommand, run } from './machine.mjs';
import { cachedTools, ensureCachedTool } from './newer-tools.mjs';
import { ensureWheelhouse } from './wheelhouse.mjs';

/**
 * The commands that tests start from PATH, and the Debian packages that bring each.
 * @type {Record<string, string[]>}
 */
const machineTools = {
  make: ['make'],
  gcc: ['gcc', 'libc6-dev'], // the headers are only recommended by gcc, but nothing compiles without them
  'g++': ['g++'],
  cmake: ['cmake'],
  ninja: ['ninja-build'],
  cargo: ['cargo'],
  go: ['golang-go'],
  python3: ['python3', 'python3-dev'],
  pip: ['python3-pip', 'python3-dev'],
  bash: ['bash'],
  dash: ['dash'],
  zsh: ['zsh'],
  fish: ['fish'],
  tcsh: ['tcsh'],
  ksh: ['ksh93u+m'],
  mksh: ['mksh'],
  yash: ['yash'],
  busybox: ['busybox'],
  parallel: ['parallel'],
  xargs: ['findutils'],
  mandoc: ['mandoc'],
  'dpkg-buildpackage': ['dpkg-dev'],
  dh: ['debhelper'],
  tmux: ['tmux'],
  perl: ['perl-base'],
  shellcheck: ['shellcheck'],
  strace: ['strace'],
  fakeroot: ['fakeroot'],
  setsid: ['util-linux'],
  sudo: ['sudo'],
};

/** Some containers forbid ptrace(2). @throws {Error} if strace is there but does not work */
async function ensureTracing() {
  try {
    await run('strace', ['-o', '/dev/null', 'true']);
  } catch (error) {
    throw new Error(`it cannot trace (a container may need --cap-add=SYS_PTRACE): ${error}`);
  }
}

/** @throws {Error} if CI=true: names every tool that cannot be installed, with the reason */
export default async function installTools() {
  /** @type {string[]} */
  const failures = [];
  /** @type {(name: string, ensure: () => Promise<void>) => Promise<void>} */
  const attempt = async (name, ensure) => {
    try {
      await ensure();
    } catch (error) {
      failures.push(`install-tools: cannot get '${name}': ${error instanceof Error ? error.message : error}`);
    }
  };

  // One after the other: dpkg's lock lets no two installations run at once.
  for (const [command, packages] of Object.entries(machineTools)) {
    await attempt(command, () => ensureCommand(command, packages));
  }
  await attempt('strace', ensureTracing);
  // After the machine's, because python3 and pip are needed to unpack; together, because each waits for the network.
  const cached = cachedTools.map((tool) => attempt(tool.name, () => ensureCachedTool(tool)));
  await Promise.all([...cached, attempt('wheels', ensureWheelhouse)]);

  if (failures.length > 0 && process.env.CI === 'true') throw new Error(failures.join('\n'));
  for (const failure of failures) console.error(failure);
}

if (resolve(process.argv[1] ?? '') === fileURLToPath(import.meta.url)) {
  await installTools().catch((error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
}
