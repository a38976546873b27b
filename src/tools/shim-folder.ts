import { join } from 'node:path';

/** Where the build has put one folder for each tool that may need a wrapper. */
export const SHIMS = join(__dirname, '../shims');

/** @returns the folder to put on PATH for a tool's wrapper; whether there is one is not looked at */
export const shimFolder = (name: string): string => `${SHIMS}/${name}`;

/** @returns whether a folder of PATH, or the path of a program, is of a wrapper of ours */
export const isShim = (path: string): boolean => path.startsWith(`${SHIMS}/`);

/** @returns whether a tool is called through its wrapper where PATH is this */
export const hasShim = (name: string, path = ''): boolean => path.split(':').includes(shimFolder(name));
