import { existsSync, mkdirSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { attempt, cannot, errorCode } from '../errors.js';
import type { ProcessId } from '../process/process-table.js';
import { nameNewClaim, type Taker } from './claim-name.js';

/** One file for each claim (see claim-name.ts). */
export const claimsFolder = (folder: string): string => `${folder}/claims`;

/** One file for each lock: a second name of the claim that has it. */
export const locksFolder = (folder: string): string => `${folder}/locks`;

/** The presence of this file says that the pool's implicit slot belongs to that process, or to what it starts. */
const sessionFile = (folder: string, session: ProcessId): string => `${folder}/session-${session}`;

/** Returns whether it is a js-run, or the taker for a job of a js-each, that holds a claim: its job may use the slot. */
export const isHolder = (folder: string, taker: Taker): boolean =>
  // A claim of js-acquire is handed over, so that its name is another one; and it starts nothing.
  existsSync(`${claimsFolder(folder)}/${nameNewClaim(taker)}`);

/** Returns whether the pool's implicit slot belongs to that process. */
export const isSession = (folder: string, id: ProcessId): boolean => existsSync(sessionFile(folder, id));

/** Returns whether what that process starts has an implicit slot. */
export const isClientOf = (folder: string, id: ProcessId): boolean => isHolder(folder, id) || isSession(folder, id);

/** Creates the folder of a pool's state; another command may do or undo the same at any time. */
export function createFolders(folder: string): void {
  makeFolders([folder, claimsFolder(folder), locksFolder(folder)]);
}

/** Creates the folders in the folder of a pool of ours, but not that itself: it is removed when the pool ends. */
export function restoreFolders(folder: string): void {
  makeFolders([claimsFolder(folder), locksFolder(folder)]);
}

function makeFolders(paths: readonly string[]): void {
  for (const path of paths) {
    try {
      mkdirSync(path, { mode: 0o700 });
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return;
      if (errorCode(error) !== 'EEXIST') throw cannot('create the folder', path, error);
    }
  }
}

/** Removes the state of a pool of somebody else's, if no claim is left; that of ours is removed with the pool. */
export function removeUnusedFolders(folder: string): void {
  try {
    rmdirSync(claimsFolder(folder));
    rmdirSync(locksFolder(folder));
    rmdirSync(folder);
  } catch {
    // There is a claim, or one was just made.
  }
}

/** Removes the state of a pool that ends. */
export function removeFolders(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Gives the pool's implicit slot to a process. */
export function recordSession(folder: string, session: ProcessId): void {
  const file = sessionFile(folder, session);
  attempt('write', file, () => writeFileSync(file, '', { mode: 0o600 }));
}
