import { mkdirSync, readFileSync, renameSync, type Stats, statSync, writeFileSync } from 'node:fs';
import type { Joins, Tool, Version } from './table.js';

/** @returns the file that a command line would run: the path itself, or the first on PATH; undefined where there is none */
export function findProgram(command: string, path: string | undefined): { file: string; stat: Stats } | undefined {
  const files = command.includes('/')
    ? [command]
    : (path ?? '').split(':').map((folder) => `${folder || '.'}/${command}`);
  for (const file of files) {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isFile() && (stat.mode & 0o111) !== 0) return { file, stat };
  }
  return undefined;
}

/**
 * Asks a tool for its version, once: the answer is kept by path, size and time.
 * @param root the state folder
 * @returns undefined where the tool is not there or does not say
 */
export async function askVersion(
  tool: Tool,
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  root: string,
): Promise<Version | undefined> {
  const program = findProgram(command, env.PATH);
  if (program === undefined || tool.version === undefined) return undefined;
  const { file, stat } = program;
  const note = `${root}/versions/${encodeURIComponent(file)},${stat.size},${stat.mtimeMs}`;
  const known = readNote(note);
  if (known !== undefined) return parseVersion(known);
  const { readOutput } = await import('../process/read-output.js');
  // A make must not take our MAKEFLAGS for its own.
  const { stdout } = await readOutput(file, tool.version.args, { PATH: env.PATH, LC_ALL: 'C' });
  const [, major = '', minor = ''] = tool.version.pattern.exec(stdout) ?? [];
  writeNote(root, note, `${major}.${minor}`);
  return parseVersion(`${major}.${minor}`);
}

function parseVersion(text: string): Version | undefined {
  const [, major, minor] = /^(\d+)\.(\d+)$/.exec(text) ?? [];
  return major === undefined ? undefined : [Number(major), Number(minor)];
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

/** @returns how the tool that `command` runs hears of a pool */
export async function askJoins(
  tool: Tool,
  command: string,
  env: Readonly<Record<string, string | undefined>>,
  root: string,
): Promise<Joins> {
  return tool.joins(await askVersion(tool, command, env, root));
}
