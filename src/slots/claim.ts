import { closeSync, constants, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { attempt, cannot, errorCode } from '../errors.js';
import { type ClaimName, nameHandedOver, nameNewClaim, parseClaimName } from '../pool/claim-name.js';
import { bootId } from '../pool/identity.js';
import type { Pool } from '../pool/pool.js';
import { createFolders, removeUnusedFolders } from '../pool/pool-folder.js';
import { poolIsGone } from '../pool/take-token.js';
import { pidNamespace } from '../process/pid-namespace.js';
import type { ProcessId } from '../process/process-table.js';
import { asUser } from '../process/user.js';
import { claimFile } from './read-claim.js';
import type { SlotOwner } from './slot-owner.js';

/**
 * A claim: the slots that one job holds, as a file in the pool's folder that a person can read. Its name begins with the
 * holder. It is there before a slot is taken and goes after the slot is back, so that no way of dying loses one.
 */
export interface Claim {
  /** The file's name, which is the handle that js-acquire prints. */
  id: string;
  pool: Pool;
  /** Whose implicit slot this claim may take; undefined if there is no slot owner. */
  owner: SlotOwner | undefined;
  /** How many slots it holds. */
  held: number;
  /** The bytes of those that are tokens. */
  tokens: number[];
  /** Whether the slot owner's implicit slot is among them. */
  implicit: boolean;
  /** Whether it has the lock of the claims that take more than one slot (MULTI_SLOT_LOCK). */
  hasMultiSlotLock: boolean;
  /** The names of the notes that say which locks it wants. */
  notes: string[];
  /** The open file; every line is one write at its end. */
  fd: number;
}

/**
 * Puts a new, empty claim on disk.
 * @param holder the process that the claim lives and dies with
 * @param command what the slots are for, for a person to read
 * @throws JobserverError 'failed' if the file cannot be written
 */
export function openClaim(pool: Pool, holder: ProcessId, owner: SlotOwner | undefined, command: string): Claim {
  const head = [
    `command ${JSON.stringify(command.slice(0, LONGEST_COMMAND))}`,
    `since ${new Date().toISOString()}`,
    `boot ${bootId()}`,
    `in ${pidNamespace()}`,
  ];
  if (owner !== undefined) head.push(`owner ${owner}`);
  const id = nameNewClaim(holder);
  const file = claimFile(pool, id);
  for (let attempts = 0; ; attempts++) {
    try {
      const fd = openNew(pool, file, `${head.join('\n')}\n`);
      return { id, pool, owner, held: 0, tokens: [], implicit: false, hasMultiSlotLock: false, notes: [], fd };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || attempts > 100) throw cannot('write the claim', file, error);
      // The state of a pool of ours goes only with the pool; that of another may just have gone with its last claim.
      if (pool.record !== undefined) throw poolIsGone(pool);
      createFolders(pool.folder);
    }
  }
}

/** @returns the open file, or leaves none: an empty claim on a full disk would stay as long as its holder lives */
function openNew(pool: Pool, file: string, head: string): number {
  const fd = openSync(file, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY | constants.O_APPEND, 0o600);
  try {
    writeFileSync(fd, head);
    return fd;
  } catch (error) {
    closeSync(fd);
    rmSync(file);
    if (pool.record === undefined) removeUnusedFolders(pool.folder);
    throw error;
  }
}

/**
 * Makes another process the holder of a claim.
 * @returns the claim's new name
 */
export function handOver(claim: Claim, holder: ProcessId): string {
  // The former holder in its name tells it from all others that this holder has.
  const id = nameHandedOver(parseClaimName(claim.id) as ClaimName, holder);
  const [from, to] = [claim.id, id].map((name) => claimFile(claim.pool, name)) as [string, string];
  asUser(claim.pool.user, () => attempt('hand over the claim', claim.id, () => renameSync(from, to)));
  claim.id = id;
  return id;
}

/** Characters: enough for a person to know it by. */
const LONGEST_COMMAND = 500;

/** Writes down a token that was just taken. @throws JobserverError 'failed'; the claim, as we know it, has it all the same */
export function recordToken(claim: Claim, byte: number): void {
  // First of all: where the disk is full it goes back with what the claim holds.
  claim.tokens.push(byte);
  claim.held++;
  writeLine(claim, `token ${hexOf(byte)}`);
}

/**
 * Writes down that a token is about to go back while the claim stays: from here on it is the claim's no more, whether or not
 * it comes to that. @throws JobserverError 'failed'; then it still is
 */
export function crossOut(claim: Claim, byte: number): void {
  writeLine(claim, `back ${hexOf(byte)}`);
  claim.tokens.splice(claim.tokens.lastIndexOf(byte), 1);
  claim.held--;
}

/** Writes down that what was crossed out is back, so that the keeper can tell how many tokens there are. */
export function recordBack(claim: Claim, byte: number): void {
  try {
    writeLine(claim, `put ${hexOf(byte)}`);
  } catch {
    // On a full disk: the keeper takes it to be on its way as long as this process lives.
  }
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0');

/**
 * Writes down that the job is about to be started: from here on its claim is in use although no job may be seen yet.
 * @throws JobserverError 'failed'
 */
export function recordStart(claim: Claim): void {
  writeLine(claim, 'start');
}

/** Writes down the process that runs in the slots: its job goes on also where the holder dies. @throws JobserverError 'failed' */
export function recordJob(claim: Claim, job: ProcessId): void {
  writeLine(claim, `job ${job}`);
}

function writeLine({ pool, id, fd }: Claim, line: string): void {
  attempt('write the claim', claimFile(pool, id), () => writeSync(fd, `${line}\n`));
}
