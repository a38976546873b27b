import { closeSync, openSync, readSync } from 'node:fs';
import { basename } from 'node:path';
import { findProgram } from './version.js';

/**
 * Programs that start the builds of others and close the descriptors that they inherit. What they start cannot be seen in their
 * command line, so it is held to the pool by wrappers and variables.
 */
const BUILD_FRONT_ENDS = new RegExp(
  `^(${[
    '(python|pypy|pip)[\\d.]*|pipx|uv|uvx|tox|nox|poetry|hatch|pdm|flit|pyproject-build|cibuildwheel|maturin|fromager',
    'meson|scons|waf|conan|conda-build|rattler-build',
    'npm|npx|yarn|pnpm|node-gyp',
  ].join('|')})$`,
);

/** What a script of theirs begins with. */
const INTERPRETER = /^#!.*\b(python|pypy)[\d.]*\b/;

/** Bytes: what Linux reads of a script's first line (BINPRM_BUF_SIZE). */
const FIRST_LINE = 256;

/** @returns whether a command line starts a program that starts builds, by its name or by the interpreter of the script that it is */
export function isBuildFrontEnd(command: string, path: string | undefined): boolean {
  if (BUILD_FRONT_ENDS.test(basename(command))) return true;
  const file = findProgram(command, path)?.file;
  return file !== undefined && INTERPRETER.test(readFirstLine(file));
}

/** @returns what a script's first line begins with, up to what Linux reads of it; nothing for a file that cannot be read */
export function readFirstLine(file: string): string {
  try {
    const fd = openSync(file, 'r');
    try {
      const buffer = Buffer.alloc(FIRST_LINE);
      const [line = ''] = buffer.toString('latin1', 0, readSync(fd, buffer)).split('\n');
      return line;
    } finally {
      closeSync(fd);
    }
  } catch {
    // A program that may be run and not be read.
    return '';
  }
}
