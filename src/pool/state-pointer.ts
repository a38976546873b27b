import { closeSync, constants, fstatSync, openSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { attempt, cannot, errorCode } from '../errors.js';
import { bootId } from './identity.js';

/** The file beside the FIFO of `js-create --fifo PATH` that says where the pool's state is. */
export const pointerFile = (path: string): string => `${path}.jobserver`;

/** What a pointer says. */
interface Pointer {
  /** The state folder. */
  root: string;
  /** The identity of the FIFO: the path may lead to another one by now. */
  key: string;
  /** The boot in which the pool was made. */
  boot: string;
}

/** More than the longest path. */
const MAX_POINTER_BYTES = 10_000;

/**
 * Writes the pointer, which everybody may read: a pool's state is found by its FIFO, whatever the environment says.
 * @param root the state folder
 * @throws JobserverError 'failed', also if there is a file of that name which is no pointer of this user's
 */
export function writePointer(path: string, root: string, key: string, user: number): void {
  const file = pointerFile(path);
  const text = `state ${root}\npool ${key}\nboot ${bootId()}\n`;
  attempt('write', file, () => {
    // A crash has left it, of an earlier pool at this path.
    if (readPointer(path, user) !== undefined) unlinkSync(file);
    writeFileSync(file, text, { flag: 'wx', mode: 0o644 });
  });
}

/**
 * @param owner the user whose FIFO it is
 * @returns the state folder of the pool of that FIFO and identity; undefined if nothing trustworthy says that it is one of ours
 * @throws JobserverError 'failed' if it cannot be read
 */
export function followPointer(path: string, key: string, owner: number): string | undefined {
  const pointer = readPointer(path, owner);
  return pointer?.key === key && pointer.boot === bootId() ? pointer.root : undefined;
}

/** Removes the pointer of a pool that ends. */
export function removePointer(path: string, key: string, owner: number): void {
  try {
    if (readPointer(path, owner)?.key === key) unlinkSync(pointerFile(path));
  } catch {
    // It is in a folder that we may not change.
  }
}

/** Returns undefined if there is none that the FIFO's owner or root wrote. */
function readPointer(path: string, owner: number): Pointer | undefined {
  const file = pointerFile(path);
  let fd: number;
  try {
    // No link that leads elsewhere, and nothing that makes us wait.
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch (error) {
    if (['ENOENT', 'ELOOP', 'EACCES', 'ENXIO', 'ENAMETOOLONG'].includes(errorCode(error) ?? '')) return undefined;
    throw cannot('read', file, error);
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile() || stat.size > MAX_POINTER_BYTES || ![0, owner].includes(stat.uid)) return undefined;
    return parsePointer(readFileSync(fd, 'utf8'));
  } finally {
    closeSync(fd);
  }
}

function parsePointer(text: string): Pointer | undefined {
  const [, root, key, boot] = /^state (\/.*)\npool (\S+)\nboot (\S+)\n$/.exec(text) ?? [];
  return root === undefined || key === undefined || boot === undefined ? undefined : { root, key, boot };
}
