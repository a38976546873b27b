import { readdirSync } from 'node:fs';
import type { Env } from '../environment.js';
import { findProgram } from './ask-version.js';
import { isShim, SHIMS, shimFolder } from './shim-folder.js';

/**
 * @returns the variables that put a wrapper before every tool on PATH for which there is one. Those that join the pool need one
 * too: a number of jobs that somebody gives them would make them leave it.
 */
export function withShims(env: Env): { PATH: string; NINJA?: string } {
  const path = (env.PATH ?? '').split(':').filter((folder) => !isShim(folder));
  const needed = readdirSync(SHIMS).filter((name) => findProgram(name, env.PATH) !== undefined);
  return {
    PATH: [...needed.map(shimFolder), ...path].join(':'),
    // meson and meson-python read it; a ninja of pip's build isolation comes before all wrappers on PATH.
    ...(env.NINJA ? {} : { NINJA: `${shimFolder('ninja')}/ninja` }),
  };
}
