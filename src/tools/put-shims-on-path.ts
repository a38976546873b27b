import { readdirSync } from 'node:fs';
import type { Env } from '../environment.js';
import { findProgram } from './find-program.js';
import { isShim, SHIMS, shimFolder } from './shim-folder.js';

/**
 * Puts a wrapper before every tool on PATH that has one. Tools that join the pool need one too: they would leave it for a number
 * of jobs that somebody gives them.
 * @returns the variables to change
 */
export function putShimsOnPath(env: Env): { PATH: string; NINJA?: string } {
  const path = (env.PATH ?? '').split(':').filter((folder) => !isShim(folder));
  const needed = readdirSync(SHIMS).filter((name) => findProgram(name, env.PATH) !== undefined);
  return {
    PATH: [...needed.map(shimFolder), ...path].join(':'),
    // meson and meson-python read it. The ninja of pip's build isolation comes before all wrappers on PATH.
    ...(env.NINJA ? {} : { NINJA: `${shimFolder('ninja')}/ninja` }),
  };
}
