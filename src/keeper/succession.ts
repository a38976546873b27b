import { linkSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { cannot, errorCode } from '../errors.js';
import type { PoolRecord } from '../pool/pool-record.js';
import { type ProcessId, parseProcessId } from '../process/process-table.js';

/** A place in the line of those who may keep a pool, and who has it. */
interface Heir {
  place: number;
  id: ProcessId;
}

/**
 * Who keeps a pool: a line of processes, each with its place in a file `keeper-PLACE`. It begins with the keeper in
 * pool.json; only its last one may keep the pool, and another comes after it only where it is dead. So there are never two,
 * and no lock has to be broken. The files stay as long as the pool: whoever still reads an old pool.json follows them up.
 */
const heirFile = (folder: string, place: number): string => `${folder}/keeper-${place}`;

/** @returns the last of the line: the keeper where nobody has come after it */
export function findLast(folder: string, { place, keeper }: PoolRecord): Heir {
  for (let last: Heir = { place, id: keeper }; ; ) {
    const id = readHeir(heirFile(folder, last.place + 1));
    if (id === undefined) return last;
    last = { place: last.place + 1, id };
  }
}

/** @returns the first of the line, which was started when the pool was made; undefined if it is not known */
export const findFirst = (folder: string): ProcessId | undefined => readHeir(heirFile(folder, 1));

/** Has the place of a file that names nobody: no process has that pid, so the next may come after it. */
const NOBODY: ProcessId = '0.0';

function readHeir(file: string): ProcessId | undefined {
  try {
    return parseProcessId(readFileSync(file, 'latin1')) ?? NOBODY;
  } catch {
    return undefined;
  }
}

/**
 * Takes a place in the line.
 * @returns false where somebody else was first, or the pool is gone
 * @throws JobserverError 'failed' where the file cannot be written
 */
export function takePlace(folder: string, { place, id }: Heir): boolean {
  const file = heirFile(folder, place);
  const draft = `${file}.${id}`;
  try {
    // A link is there at once and whole, and fails where there is one.
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
    // It was never there, or went with the pool.
  }
}
