/** Commands of the machine: found on PATH, or else installed by apt-get if that is allowed. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Runs a program without input. If it fails, throws its own last words, not the whole command line.
 * execa is loaded only here: when every tool is there, its start-up would be most of the time that the checks take.
 * @param {string} file
 * @param {string[]} args
 * @param {import('execa').Options} [options]
 */
export async function run(file, args, options = {}) {
  const { execa, ExecaError } = await import('execa');
  try {
    await execa(file, args, { stdin: 'ignore', ...options });
  } catch (error) {
    if (!(error instanceof ExecaError)) throw error;
    const stderr = String(error.stderr ?? '').trim();
    const words = stderr.match(/^(E|ERROR): .*/gm) ?? [`${error.shortMessage}:`, stderr.split('\n').at(-1)];
    throw new Error(words.join(' '));
  }
}

/** @param {string} command @returns {boolean} whether PATH has it; a look-up costs microseconds, starting it does not */
function isOnPath(command) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    const file = join(directory, command);
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}

/** @type {Promise<void> | undefined} the one refresh of the package lists that a run may cost */
let refreshed;

/** @param {string[]} packages */
async function install(packages) {
  const args = ['install', '-y', '--no-install-recommends', '-o', 'DPkg::Lock::Timeout=300', ...packages];
  const options = { env: { DEBIAN_FRONTEND: 'noninteractive' } };
  try {
    await run('apt-get', args, options);
  } catch {
    // Absent lists, or old ones that name packages no longer served. A failed refresh is not yet a failure: one dead
    // source among several is enough for it, and the second attempt says what is really missing.
    refreshed ??= run('apt-get', ['update'], options).catch(() => {});
    await refreshed;
    await run('apt-get', args, options);
  }
}

/**
 * @param {string} command looked up on PATH
 * @param {string[]} packages the Debian packages that bring it
 * @throws {Error} if it is missing and cannot be installed
 */
export async function ensureCommand(command, packages) {
  if (isOnPath(command)) return;
  const remedy = `apt-get install ${packages.join(' ')}`;
  if (process.getuid?.() !== 0) throw new Error(`it is not installed, and only root can: ${remedy}`);
  console.error(`install-tools: ${command} is missing: ${remedy}`);
  await install(packages);
  if (!isOnPath(command)) throw new Error(`installed, but PATH has no ${command}`);
}
