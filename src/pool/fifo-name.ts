import { resolve } from 'node:path';
import { JobserverError } from '../errors.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { type ProcessId, pidOf } from '../process/process-table.js';
import { findUnsafeCharacter } from '../protocol/makeflags.js';

/** The number in the name of a pid namespace; 0 if it is hidden. */
const namespaceNumber = (): string => Number(/\d+/.exec(pidNamespace())?.[0] ?? 0).toString(36);

let last = 0;

/**
 * @param maker the process that makes it
 * @returns the path of a new FIFO in the state folder, which names the maker
 * @throws JobserverError 'usage' if MAKEFLAGS cannot carry it
 */
export function nameOwnFifo(root: string, maker: ProcessId): string {
  // A process may make several at the same time.
  last = Math.max(last + 1, Date.now());
  return `${checkPath(root, 'JOBSERVER_TOOLS_STATE')}/${pidOf(maker)}-${last.toString(36)}_${namespaceNumber()}.fifo`;
}

const OWN_NAME = /^(\d+)-[0-9a-z]+_([0-9a-z]+)\.fifo$/;

/** Returns whether a file's name is that of a FIFO that js-create made in a state folder. */
export const isOwnFifo = (name: string): boolean => OWN_NAME.test(name);

/**
 * @param name of a file in the state folder
 * @returns the pid of the process that made the FIFO, 0 if that is in another pid namespace; undefined if it is no FIFO of ours
 */
export function makerOf(name: string): number | undefined {
  const [, pid, namespace] = OWN_NAME.exec(name) ?? [];
  if (pid === undefined) return undefined;
  return namespace === namespaceNumber() ? Number(pid) : 0;
}

/**
 * @param option the option or variable that names the path
 * @returns the path of a FIFO, or of the folder of one, as an absolute one
 * @throws JobserverError 'usage' if MAKEFLAGS cannot carry it
 */
export function checkPath(path: string, option: string): string {
  const full = resolve(path);
  const bad = findUnsafeCharacter(full);
  if (bad === undefined) return full;
  const character = /\s/.test(bad) ? 'a blank' : `the character ${JSON.stringify(bad)}`;
  throw new JobserverError(
    'usage',
    `${option}: '${full}' contains ${character}, which is not safe in MAKEFLAGS; choose another path`,
  );
}
