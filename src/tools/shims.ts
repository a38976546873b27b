import { existsSync } from 'node:fs';
import { isShim, shimFolder } from './shim-folder.js';
import { TOOLS } from './table.js';
import { askStyles, findProgram } from './version.js';

/**
 * @param root the state folder
 * @returns PATH with wrappers before those tools on it that do not understand a FIFO's path, which is then advertised
 */
export async function pathWithShims(env: Readonly<Record<string, string | undefined>>, root: string): Promise<string> {
  const path = (env.PATH ?? '').split(':').filter((folder) => !isShim(folder));
  const needed: string[] = [];
  for (const tool of TOOLS) {
    for (const name of tool.names) {
      if (!existsSync(shimFolder(name)) || findProgram(name, env.PATH) === undefined) continue;
      if (!(await askStyles(tool, name, env, root)).includes('fifo')) needed.push(shimFolder(name));
    }
  }
  return [...needed, ...path].join(':');
}
