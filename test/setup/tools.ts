/** The places of the versions that install-tools.mjs provides. */
import { spawnSync } from 'node:child_process';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cache = fileURLToPath(new URL('../../node_modules/.cache/jobserver-tools/tools', import.meta.url));

/** The machine's make 4.3, the last that knows no FIFO: an absolute path. */
export const make43 = findMake('4.3');

/** Folders to put first on PATH: the `make` or `ninja` in there is of that version. */
export const make441Dir = join(cache, 'make-4.4.1/bin');
export const ninja113Dir = join(cache, 'ninja-1.13/bin');
/** PyPI's build of ninja 1.13, which takes part in a pipe-style jobserver too. */
export const ninjaPypiDir = join(cache, 'ninja-pypi/bin');
/** A ctest that takes part in a jobserver, with the cmake that it belongs to. */
export const ctest331Dir = join(cache, 'ctest-3.31/bin');
/** Wheels of Python's build backends, for pip's --find-links. */
export const wheelhouseDir = join(cache, 'wheelhouse');
/** spin(1). */
export const spinDir = join(cache, 'spin/bin');

/** The node that the commands run on: the one of TEST_NODE, a major of other-nodes.mjs, else the one that runs the tests. */
export const commandsNode = process.env.TEST_NODE
  ? join(cache, `node-${process.env.TEST_NODE}/bin/node`)
  : process.execPath;

/** The folder of the commands that are tested: the one of TEST_COMMANDS, where an executable is installed, else the package's. */
export const commandsDir = process.env.TEST_COMMANDS ?? fileURLToPath(new URL('../../bin', import.meta.url));

/** Returns a copy of env with dir first on PATH. */
export function withPath(dir: string, env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return { ...env, PATH: env.PATH ? dir + delimiter + env.PATH : dir };
}

/** @throws {Error} if no `make` on PATH has that version */
function findMake(version: string): string {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(dir, 'make');
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    if (stdout?.startsWith(`GNU Make ${version}\n`)) return file;
  }
  throw new Error(`no make ${version} on PATH: run node test/setup/install-tools.mjs`);
}
