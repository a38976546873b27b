import { existsSync, mkdirSync, readFileSync, renameSync, type Stats, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import type { Env } from '../environment.js';
import { tryStat } from '../try-stat.js';
import { isShim } from './shim-folder.js';
import type { Style, Tool, Version } from './table.js';

/** @returns the file that a command line runs in the end: never a wrapper of ours; undefined where there is none */
export function findProgram(command: string, path: string | undefined): { file: string; stat: Stats } | undefined {
  const name = isShim(command) ? basename(command) : command;
  const files = name.includes('/')
    ? [name]
    : (path ?? '').split(':').flatMap((folder) => (isShim(folder) ? [] : `${folder || '.'}/${name}`));
  for (const file of files) {
    // Most folders do not have it, and to look for that alone costs less.
    const stat = existsSync(file) ? tryStat(file) : undefined;
    if (stat?.isFile() && (stat.mode & 0o111) !== 0) return { file, stat };
  }
  return undefined;
}

/**
 * Asks a tool for its version, once: the answer is kept by path, size and time.
 * @param root the state folder
 * @returns undefined where the tool is not there or does not say
 */
export async function askVersion(tool: Tool, command: string, env: Env, root: string): Promise<Version | undefined> {
  const program = findProgram(command, env.PATH);
  if (program === undefined || tool.version === undefined) return undefined;
  const { file, stat } = program;
  const note = `${root}/versions/${encodeURIComponent(file)},${stat.size},${stat.mtimeMs}`;
  const known = readNote(note);
  if (known !== undefined) return parseVersion(tool, known);
  // Loaded late (src/build/build.sh), as is execa, which it uses.
  const { readOutput } = await import('../process/read-output.js');
  // A make must not take our MAKEFLAGS for its own.
  const { stdout, status } = await readOutput(file, tool.version.args, { PATH: env.PATH, LC_ALL: 'C' });
  const [line = ''] = stdout.split('\n');
  // One that was killed has not said anything yet.
  if (status !== undefined) writeNote(root, note, line);
  return parseVersion(tool, line);
}

function parseVersion(tool: Tool, line: string): Version | undefined {
  const [, major, minor] = tool.version?.pattern.exec(line) ?? [];
  return major === undefined ? undefined : { major: Number(major), minor: Number(minor), line };
}

function readNote(note: string): string | undefined {
  try {
    return readFileSync(note, 'utf8');
  } catch {
    return undefined;
  }
}

function writeNote(root: string, note: string, text: string): void {
  try {
    mkdirSync(`${root}/versions`, { recursive: true, mode: 0o700 });
    writeFileSync(`${note}.${process.pid}`, text);
    renameSync(`${note}.${process.pid}`, note);
  } catch {
    // Too long a path for a file's name, a full disk: then it is asked again.
  }
}

/** @returns the styles of advertising that the tool that `command` runs understands */
export async function askStyles(tool: Tool, command: string, env: Env, root: string): Promise<readonly Style[]> {
  return tool.styles(await askVersion(tool, command, env, root));
}
