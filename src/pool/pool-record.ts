import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { attempt, cannot, errorCode } from '../errors.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { isAlive, type ProcessId, parseProcessId, selfId } from '../process/process-table.js';
import { bootId, identifyPath } from './identity.js';
import { MOST_JOBS } from './most-jobs.js';

/** `pool.json`: what js-create and the keeper write about a pool of ours. */
export interface PoolRecord {
  /** The FIFO. */
  path: string;
  /** N: the tokens, and the session's implicit slot if it has one. */
  jobs: number;
  /** How many tokens it began with: N-1, or N without a session's slot. */
  tokens: number;
  keeper: ProcessId;
  /** The keeper's place in the line of keepers (src/keeper/succession.ts). */
  place: number;
  /** The pid namespace of these processes. */
  namespace: string;
  /** The boot in which they were started. */
  boot: string;
  /** The process that the pool ends with; null if the pool stays until js-destroy. */
  owner: ProcessId | null;
  /** The process that the owner runs in the pool, if the owner is one of our commands: the pool stays until that has ended, too. */
  job?: ProcessId | undefined;
  /** The process that has the pool's implicit slot: itself or what it starts; null if nobody has it. */
  session: ProcessId | null;
  /** The trace in which the jobs are. */
  trace?: string | undefined;
  /** The program image of that process when the pool was made (see ProcessEntry). */
  image: string | null;
}

/** Writes pool.json so that a reader sees it whole or not at all. @throws JobserverError 'failed' */
export function writeRecord(folder: string, record: PoolRecord): void {
  const file = `${folder}/pool.json`;
  attempt('write', file, () => {
    writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  });
}

/**
 * Returns the pool's record, or undefined if it is not a pool of ours.
 * @throws JobserverError 'failed' if it cannot be read: otherwise the state of a pool of ours would be removed with its last
 * claim, as another's is
 */
export function readRecord(folder: string): PoolRecord | undefined {
  try {
    return parseRecord(readFileSync(`${folder}/pool.json`, 'utf8'));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw cannot('read the state of the pool', folder, error);
  }
}

/** Checks every field: there are pids in it and a path to remove, and a crash or a person may have written anything. */
function parseRecord(text: string): PoolRecord {
  const record = JSON.parse(text) as PoolRecord | null;
  for (const [field, isGood] of Object.entries(FIELDS)) {
    const value: unknown = record?.[field as keyof PoolRecord];
    if (!isGood(value))
      throw new Error(`pool.json is damaged: its '${field}' is ${JSON.stringify(value) ?? 'missing'}`);
  }
  return record as PoolRecord;
}

const isText = (value: unknown) => typeof value === 'string';
const isTextOrNull = (value: unknown) => value === null || isText(value);
const isProcess = (value: unknown) => typeof value === 'string' && parseProcessId(value) !== undefined;
const isProcessOrMissing = (value: unknown) => value === undefined || isProcess(value);
const isProcessOrNull = (value: unknown) => value === null || isProcess(value);
const isCount = (least: number, most: number) => (value: unknown) =>
  Number.isSafeInteger(value) && (value as number) >= least && (value as number) <= most;

const FIELDS: Readonly<Record<keyof Required<PoolRecord>, (value: unknown) => boolean>> = {
  path: (value) => typeof value === 'string' && value.startsWith('/'),
  jobs: isCount(1, MOST_JOBS),
  tokens: isCount(0, MOST_JOBS),
  keeper: isProcess,
  place: isCount(0, Number.MAX_SAFE_INTEGER),
  namespace: isText,
  boot: isText,
  owner: isProcessOrNull,
  job: isProcessOrMissing,
  session: isProcessOrNull,
  image: isTextOrNull,
  trace: (value) => value === undefined || isText(value),
};

/** Returns whether the process that the pool was made for has ended, and what that ran in it. */
export const isOwnerDead = ({ owner, job }: Pick<PoolRecord, 'owner' | 'job'>): boolean =>
  owner !== null && !isAlive(owner) && (job === undefined || !isAlive(job));

/** Records what this process runs in a pool of its own. */
export function recordPoolJob(folder: string, job: ProcessId): void {
  const record = readRecord(folder);
  if (record?.owner === selfId()) writeRecord(folder, { ...record, job });
}

/** Returns whether the keeper has ended; one in another pid namespace cannot be seen and counts as alive. */
export const isKeeperDead = ({ keeper, namespace, boot }: PoolRecord): boolean =>
  // The processes of an earlier boot are dead, whatever runs under their pids now.
  boot !== bootId() || (namespace === pidNamespace() && !isAlive(keeper));

/**
 * @param key the identity that the pool had
 * @returns whether the pool gets no other keeper: its FIFO is gone, or the process that it was made for has ended
 */
export function isOver({ path, owner, job, namespace, boot }: PoolRecord, key: string): boolean {
  if (boot !== bootId() || namespace !== pidNamespace()) return true;
  if (isOwnerDead({ owner, job })) return true;
  return identifyPath(path) !== key;
}
