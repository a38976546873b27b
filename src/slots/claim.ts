import { closeSync, constants, openSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { attempt, cannot, errorCode } from '../errors.js';
import { type ClaimName, nameHandedOver, nameNewClaim, parseClaimName, type Taker } from '../pool/claim-name.js';
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
 * The slots that one job holds, as a file in the pool's folder that a person can read. It is there before a slot is taken, and goes
 * when the slot is back, so that none is lost, however a process dies: `Run` in test/model/slots.pml.
 */
export interface Claim {
  /** The file's name, which is the handle that js-acquire prints. */
  id: string;
  pool: Pool;
  /** Whose implicit slot this claim may take; undefined if there is no slot owner. */
  owner: SlotOwner | undefined;
  /** How many slots it holds. */
  held: number;
  /** The bytes of the tokens among them. */
  tokens: number[];
  /** Whether the slot owner's implicit slot is among them. */
  implicit: boolean;
  /** How much memory is reserved for it; 0 if it asked for none, or waits for it. */
  memoryBytes: number;
  /** Whether it has the lock of the claims that take more than one slot (MULTI_SLOT_LOCK). */
  hasMultiSlotLock: boolean;
  /** The trace in which its job begins and ends; undefined if there is none, or none yet. */
  trace: string | undefined;
  /** The names of the notes that say which locks it wants. */
  notes: string[];
  /** The open file; each line is one write at its end. */
  fd: number;
}

/**
 * Puts a new, empty claim on disk.
 * @param taker the process that the claim lives and dies with, or that for one of its jobs
 * @param command what the slots are for, for a person to read
 * @throws JobserverError 'failed' if the file cannot be written
 */
export function openClaim(pool: Pool, taker: Taker, owner: SlotOwner | undefined, command: string): Claim {
  const head = [
    `command ${JSON.stringify(command.slice(0, MAX_COMMAND_CHARACTERS))}`,
    `since ${new Date().toISOString()}`,
    `boot ${bootId()}`,
    `in ${pidNamespace()}`,
  ];
  if (owner !== undefined) head.push(`owner ${owner}`);
  const id = nameNewClaim(taker);
  const file = claimFile(pool, id);
  for (let attempts = 0; ; attempts++) {
    try {
      const fd = openNew(pool, file, `${head.join('\n')}\n`);
      return {
        id,
        pool,
        owner,
        held: 0,
        tokens: [],
        implicit: false,
        memoryBytes: 0,
        hasMultiSlotLock: false,
        trace: undefined,
        notes: [],
        fd,
      };
    } catch (error) {
      if (errorCode(error) !== 'ENOENT' || attempts > 100) throw cannot('write the claim', file, error);
      // The state of a pool of ours is removed only with the pool; that of another may just have been removed with its last claim.
      if (pool.record !== undefined) throw poolIsGone(pool);
      createFolders(pool.folder);
    }
  }
}

/** Returns the open file. If the disk is full, none is left: an empty claim would stay as long as its holder lives. */
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
  // By the former holder in its name it differs from all others that this holder has.
  const id = nameHandedOver(parseClaimName(claim.id) as ClaimName, holder);
  const [from, to] = [claim.id, id].map((name) => claimFile(claim.pool, name)) as [string, string];
  asUser(claim.pool.user, () => attempt('hand over the claim', claim.id, () => renameSync(from, to)));
  claim.id = id;
  return id;
}

/** Enough for a person to recognize the command. */
const MAX_COMMAND_CHARACTERS = 500;

/** Records a token that was just taken. @throws JobserverError 'failed'; then the claim has it in memory all the same */
export function recordToken(claim: Claim, byte: number): void {
  // First: if the disk is full, the token goes back with what the claim holds.
  claim.tokens.push(byte);
  claim.held++;
  writeLine(claim, `token ${hexOf(byte)}`);
}

/**
 * Records that a token is about to go back while the claim stays. From here on it is not the claim's any more, even if it never
 * goes back. @throws JobserverError 'failed'; then it still is
 */
export function crossOut(claim: Claim, byte: number): void {
  writeLine(claim, `back ${hexOf(byte)}`);
  claim.tokens.splice(claim.tokens.lastIndexOf(byte), 1);
  claim.held--;
}

/** Records that a token that was crossed out is back, so that the keeper knows how many tokens there are. */
export function recordBack(claim: Claim, byte: number): void {
  try {
    writeLine(claim, `put ${hexOf(byte)}`);
  } catch {
    // The disk is full: for the keeper the token is on its way as long as this process lives.
  }
}

/** Writes down how much memory the claim waits for, for a person to read. @throws JobserverError 'failed' */
export function recordWanted(claim: Claim, bytes: number): void {
  writeLine(claim, `wants-memory ${bytes}`);
}

/** Reserves memory for the claim; 0 gives it up. @throws JobserverError 'failed'; then it has what it had */
export function recordMemory(claim: Claim, bytes: number): void {
  writeLine(claim, `memory ${bytes}`);
  claim.memoryBytes = bytes;
}

const hexOf = (byte: number): string => byte.toString(16).padStart(2, '0');

/** Records that the job is about to begin in that trace. @throws JobserverError 'failed' */
export function recordTrace(claim: Claim, file: string): void {
  writeLine(claim, `trace ${JSON.stringify(file)}`);
  claim.trace = file;
}

/** Records that this process is about to read all tokens, and will write them back. @throws JobserverError 'failed' */
export function recordCounting(claim: Claim): void {
  writeLine(claim, 'counting');
}

/**
 * Records that the job is about to be started. From here on its claim is in use, although no job may be seen yet.
 * @throws JobserverError 'failed'
 */
export function recordStart(claim: Claim): void {
  writeLine(claim, `start ${new Date().toISOString()}`);
}

/** Records the process that runs in the slots, because it goes on even if the holder dies. @throws JobserverError 'failed' */
export function recordJob(claim: Claim, job: ProcessId): void {
  writeLine(claim, `job ${job}`);
}

function writeLine({ pool, id, fd }: Claim, line: string): void {
  attempt('write the claim', claimFile(pool, id), () => writeSync(fd, `${line}\n`));
}
