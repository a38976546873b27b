import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Env } from '../environment.js';
import { findProgram } from './find-program.js';
import type { Style, Tool, Version } from './table.js';

/**
 * Asks a tool for its version once, and keeps the answer by path, size and time of the file.
 * @param root the state folder
 * @returns undefined if the tool is not there or does not print a version
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
  // One that was killed may not have printed it yet.
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
    // The path is too long for a file's name, or the disk is full: it is asked again next time.
  }
}

/**
 * Returns the styles that the tool that `command` runs understands.
 * @param root the state folder
 */
export async function askStyles(tool: Tool, command: string, env: Env, root: string): Promise<readonly Style[]> {
  return tool.styles(await askVersion(tool, command, env, root));
}
