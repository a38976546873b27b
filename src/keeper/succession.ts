import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { cannot, errorCode } from '../errors.js';
import type { PoolRecord } from '../pool/pool-record.js';
import { type ProcessId, parseProcessId } from '../process/process-table.js';

/** A place in the line of keepers, and the process that has it. */
interface KeeperPlace {
  place: number;
  id: ProcessId;
}

/**
 * The keepers of a pool are a line of processes, each with its place in a file `keeper-PLACE`. It begins with the keeper in
 * pool.json. Only the last one may keep the pool, and another comes after it only if it is dead: so there are never two, and no
 * lock has to be broken. The files stay as long as the pool, because a command that has read an old pool.json follows them.
 * test/model/succession.pml explores all of this; TEST_THEN_WRITE, TIDY and RECORD_ONLY there are ways to do it wrong.
 */
const placeFile = (folder: string, place: number): string => `${folder}/keeper-${place}`;

/** Returns the last of the line, which is the keeper in the record if nobody has come after that. */
export function findLastKeeper(folder: string, { place, keeper }: PoolRecord): KeeperPlace {
  for (let last: KeeperPlace = { place, id: keeper }; ; ) {
    const id = readPlace(placeFile(folder, last.place + 1));
    if (id === undefined) return last;
    last = { place: last.place + 1, id };
  }
}

/** Returns the first of the line, which was started when the pool was made; undefined if it is not known. */
export const findFirstKeeper = (folder: string): ProcessId | undefined => readPlace(placeFile(folder, 1));

/** Stands for the process in a file that names none: no process has that pid, so the next keeper may come after it. */
const NOBODY: ProcessId = '0.0';

function readPlace(file: string): ProcessId | undefined {
  try {
    return parseProcessId(readFileSync(file, 'latin1')) ?? NOBODY;
  } catch {
    return undefined;
  }
}

/**
 * Takes a place in the line.
 * @returns whether this process has it; false if another one was first, or if the pool is gone
 * @throws JobserverError 'failed' if the file cannot be written
 */
export function takePlace(folder: string, { place, id }: KeeperPlace): boolean {
  const file = placeFile(folder, place);
  const draft = `${file}.${id}`;
  try {
    // A hard link is there at once and whole, and cannot be made if the name exists.
    writeFileSync(draft, id, { mode: 0o600 });
    linkSync(draft, file);
    return true;
  } catch (error) {
    if (['EEXIST', 'ENOENT'].includes(errorCode(error) ?? '')) return false;
    throw cannot('write', file, error);
  } finally {
    remove(draft);
  }
}

function remove(file: string): void {
  try {
    unlinkSync(file);
  } catch {
    // It was never there, or was removed with the pool.
  }
}
