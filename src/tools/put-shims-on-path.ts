import { existsSync, readdirSync } from 'node:fs';
import type { Env } from '../environment.js';
import { JobserverError } from '../errors.js';
import { SHIMS } from '../process/own-program.js';
import { findProgram } from './find-program.js';
import { isShim, shimFolder } from './shim-folder.js';

/** Returns whether there are wrappers: the executable has none before it is installed. */
export const areShimsThere = (): boolean => existsSync(SHIMS);

/**
 * Puts a wrapper before every tool on PATH that has one. Tools that join the pool need one too: they would leave it for a number
 * of jobs that somebody gives them.
 * @returns the variables to change
 * @throws JobserverError 'failed' if the executable is not installed, so that there are no wrappers
 */
export function putShimsOnPath(env: Env): { PATH: string; NINJA?: string } {
  if (!areShimsThere())
    throw new JobserverError('failed', `there are no wrappers in '${SHIMS}'; run 'jobserver-tools install'`);
  const path = (env.PATH ?? '').split(':').filter((folder) => !isShim(folder));
  const needed = readdirSync(SHIMS).filter((name) => findProgram(name, env.PATH) !== undefined);
  return {
    PATH: [...needed.map(shimFolder), ...path].join(':'),
    // meson and meson-python read it. The ninja of pip's build isolation comes before all wrappers on PATH.
    ...(env.NINJA ? {} : { NINJA: `${shimFolder('ninja')}/ninja` }),
  };
}
