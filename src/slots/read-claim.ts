import { readdirSync, readFileSync, type Stats, statSync } from 'node:fs';
import { cannot, errorCode } from '../errors.js';
import { type ClaimName, isHandedOver, isOfOurNamespace, isReturning, parseClaimName } from '../pool/claim-name.js';
import { bootId } from '../pool/identity.js';
import type { Pool } from '../pool/pool.js';
import { claimsFolder } from '../pool/pool-folder.js';
import { type ProcessId, parseProcessId } from '../process/process-table.js';
import { parseSlotOwner, type SlotOwner } from './slot-owner.js';

/** What a claim's file says. */
export interface ClaimRecord {
  name: ClaimName;
  /** What the slots are for, as a person knows it; empty if the file has no such line yet. */
  command: string;
  /** When the claim was opened, and when its job was started, as ISO 8601. */
  since: string | undefined;
  startedAt: string | undefined;
  /** Whether its holder reads all tokens and writes them back, and so may have any number. */
  isCounting: boolean;
  /** The trace in which its job has begun, or was about to. */
  trace: string | undefined;
  owner: SlotOwner | undefined;
  /** The pid namespace of its processes, as readlink(2) gives it; empty if the file has no such line yet. */
  namespace: string;
  /** If so, its processes have ended, and its tokens are gone with the content of the pool. */
  isFromEarlierBoot: boolean;
  /** The process that runs in the slots. */
  job: ProcessId | undefined;
  /** The bytes that were taken and not crossed out, if a whole line says that they are of this boot. */
  tokens: number[];
  /** How many bytes of memory are reserved for it. */
  memoryBytes: number;
  /** How many bytes it asked for. */
  wantedBytes: number;
  /** How many tokens were crossed out and may not be back in the pool yet. */
  leaving: number;
  inode: number;
  /** When its last line was written, by a clock that may have been set since. */
  writtenMs: number;
}

/** More than a claim of all slots of the largest pool has. */
const MAX_CLAIM_BYTES = 100_000;

/** Returns the names of all claims of a pool. @throws JobserverError 'failed' if they cannot be read */
export function listClaims(pool: Pick<Pool, 'folder'>): string[] {
  const folder = claimsFolder(pool.folder);
  try {
    return readdirSync(folder).filter((name) => parseClaimName(name) !== undefined);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw cannot('read the claims', folder, error);
  }
}

/** Returns whether the text is the name of a claim that was handed over, and that nobody is returning: a handle of js-acquire. */
export function isHandle(text: string): boolean {
  const name = parseClaimName(text);
  return name !== undefined && isHandedOver(name) && !isReturning(name);
}

/** Returns whether a process of our pid namespace holds a claim that was handed over to it. */
export function isHandedTo(holder: ProcessId, id: string): boolean {
  const name = parseClaimName(id);
  return name?.holder === holder && isHandedOver(name) && isOfOurNamespace(name);
}

/** Returns the bytes in those values. A line that a crash has cut off does not count: the keeper puts in a token too few. */
const parseTokens = (values: readonly string[]): number[] =>
  values.filter((hex) => /^[0-9a-f]{2}$/.test(hex)).map((hex) => Number.parseInt(hex, 16));

/** Returns the last of these numbers; 0 if there is none. */
const parseBytes = (values: readonly string[]): number => Number(values.findLast((bytes) => /^\d+$/.test(bytes)) ?? 0);

/** Returns the tokens without one of each byte that is crossed out. */
function without(tokens: readonly number[], crossedOut: readonly number[]): number[] {
  const left = [...tokens];
  for (const byte of crossedOut) {
    const index = left.lastIndexOf(byte);
    if (index >= 0) left.splice(index, 1);
  }
  return left;
}

/** Returns the text that a line has as JSON; undefined if it is not there, or not wholly. */
function parseJson(json = ''): string | undefined {
  try {
    return String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

/** Returns the path of a claim's file. */
export const claimFile = (pool: Pick<Pool, 'folder'>, id: string): string => `${claimsFolder(pool.folder)}/${id}`;

/**
 * Returns what the claim's file says; undefined if there is no such claim, or if the text is no claim's name.
 * @throws JobserverError 'failed' if it cannot be read
 */
export function readClaim(pool: Pick<Pool, 'folder'>, id: string): ClaimRecord | undefined {
  const name = parseClaimName(id);
  if (name === undefined) return undefined;
  let text: string;
  let stat: Stats;
  try {
    stat = statSync(claimFile(pool, id));
    // A folder or a FIFO is no claim, whatever its name is.
    if (!stat.isFile() || stat.size > MAX_CLAIM_BYTES) return undefined;
    text = readFileSync(claimFile(pool, id), 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw cannot('read the claim', claimFile(pool, id), error);
  }
  const lines = text.split('\n').map((line) => line.split(' ', 2));
  const valuesOf = (key: string) => lines.filter(([word]) => word === key).map(([, value = '']) => value);
  const [boot] = valuesOf('boot');
  const back = parseTokens(valuesOf('back'));
  return {
    name,
    command: parseJson(/^command (.*)$/m.exec(text)?.[1]) ?? '',
    since: valuesOf('since')[0],
    startedAt: valuesOf('start')[0],
    isCounting: valuesOf('counting').length > 0,
    trace: parseJson(/^trace (.*)$/m.exec(text)?.[1]),
    namespace: valuesOf('in')[0] ?? '',
    isFromEarlierBoot: boot !== undefined && boot !== bootId(),
    owner: parseSlotOwner(valuesOf('owner')[0] ?? ''),
    job: parseProcessId(valuesOf('job')[0] ?? ''),
    tokens: boot === bootId() ? without(parseTokens(valuesOf('token')), back) : [],
    memoryBytes: parseBytes(valuesOf('memory')),
    wantedBytes: parseBytes(valuesOf('wants-memory')),
    leaving: back.length - parseTokens(valuesOf('put')).length,
    inode: stat.ino,
    writtenMs: stat.mtimeMs,
  };
}
