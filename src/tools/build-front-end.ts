import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { findProgram } from './find-program.js';

/**
 * Programs that start the builds of others and close the descriptors that they inherit. Their command line does not show what
 * they start, so wrappers and variables keep that within the pool.
 */
const BUILD_FRONT_ENDS = new RegExp(
  `^(${[
    '(python|pypy|pip)[\\d.]*t?|pipx|uv|uvx|tox|nox|poetry|hatch|pdm|flit|pyproject-build|cibuildwheel|maturin|fromager',
    'meson|scons|waf|conan|conda-build|rattler-build',
    'npm|npx|yarn|pnpm|node-gyp',
  ].join('|')})$`,
);

/** The first line of a script of theirs. */
const INTERPRETER = /^#!.*\b(python|pypy)[\d.]*t?\b/;

/** What pip has a shell start from the second line, if the path of its Python is too long for the first. */
const LONG_INTERPRETER = /^#!\/bin\/sh\n'''exec' .*\b(python|pypy)[\d.]*t?\b/;

/** More than Linux reads of a script's first line (BINPRM_BUF_SIZE), so that the second one is in it too. */
const START_BYTES = 512;

/** Returns whether a program starts the builds of others, by its name or by the interpreter of the script that it is. */
export function isBuildFrontEnd(command: string, path: string | undefined): boolean {
  if (BUILD_FRONT_ENDS.test(basename(command))) return true;
  const file = findProgram(command, path)?.file;
  if (file === undefined) return false;
  const start = readStart(file);
  return INTERPRETER.test(start) || LONG_INTERPRETER.test(start);
}

/** Reads a script's first line, or as much of it as Linux reads; nothing of a file that cannot be read. */
export function readFirstLine(file: string): string {
  const [line = ''] = readStart(file).split('\n');
  return line;
}

function readStart(file: string): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(START_BYTES);
      return buffer.toString('latin1', 0, readSync(fd, buffer));
    } finally {
      closeSync(fd);
    }
  } catch {
    // The program may be run but not read.
    return '';
  }
}
