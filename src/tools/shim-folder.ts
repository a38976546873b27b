import { SHIMS } from '../process/own-program.js';

/** Returns the folder to put on PATH for a tool's wrapper, whether there is one or not. */
export const shimFolder = (name: string): string => `${SHIMS}/${name}`;

/** Returns whether a folder of PATH, or the path of a program, is that of a wrapper of ours. */
export const isShim = (path: string): boolean => path.startsWith(`${SHIMS}/`);

/** Returns whether PATH leads to a tool through its wrapper. */
export const hasShim = (name: string, path = ''): boolean => path.split(':').includes(shimFolder(name));
