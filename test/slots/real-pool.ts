import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  rmSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { closePool, openPool, type Pool } from '../../src/pool/pool.js';
import { type ProcessId, readProcess } from '../../src/process/process-table.js';
import { openClaim } from '../../src/slots/claim.js';
import { claimFile, listClaims } from '../../src/slots/read-claim.js';
import type { SlotOwner } from '../../src/slots/slot-owner.js';
import { tryTakeSlots } from '../../src/slots/take-slots.js';
import { start } from '../process/start.js';

/** A FIFO that the test keeps open, as a make does. */
export interface RealPool {
  path: string;
  /** The state folder. */
  root: string;
  pool: Pool;
  /** Takes all tokens that are in there, in their order. */
  drain(): number[];
  /** Lets go of the FIFO: what was in there is gone. */
  abandon(): void;
}

/** Makes a pool with these bytes for tokens; it goes with the test. */
export function makePool(tokens: readonly number[]): RealPool {
  const folder = mkdtempSync(join(tmpdir(), 'js-pool-'));
  const path = join(folder, 'fifo');
  const root = join(folder, 'state');
  mkdirSync(root, { mode: 0o700 });
  execFileSync('mkfifo', [path]);
  let fd: number | undefined = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  if (tokens.length > 0) writeSync(fd, Uint8Array.from(tokens));
  const pool = openPool({ kind: 'fifo', path }, root);
  const abandon = () => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  onTestFinished(() => {
    abandon();
    closePool(pool);
    rmSync(folder, { recursive: true });
  });
  return { path, root, pool, abandon, drain: () => drain(pool) };
}

function drain({ fd }: Pool): number[] {
  const buffer = Buffer.alloc(65_536);
  try {
    return [...buffer.subarray(0, readSync(fd, buffer))];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return [];
    throw error;
  }
}

/** Returns the bytes of a text, for tokens that are easy to read. */
export const bytes = (text: string): number[] => [...Buffer.from(text)];

/** Takes slots for a holder. @returns the claim, which looks as if it was taken long ago */
export function claimSlots(pool: Pool, holder: ProcessId, count: number, owner?: SlotOwner) {
  const claim = openClaim(pool, holder, owner, 'a test');
  expect(tryTakeSlots(claim, count)).toBe(true);
  ageClaims(pool);
  return claim;
}

/** Makes all claims look as if they were written long ago. */
export function ageClaims(pool: Pool): void {
  for (const id of listClaims(pool)) utimesSync(claimFile(pool, id), 1, 1);
}

/**
 * @param variables what is added to its environment
 * @returns a process that lives until it is told to end
 */
export async function startProcess(
  variables: Record<string, string> = {},
): Promise<{ id: ProcessId; end(): Promise<void> }> {
  const child = start('sleep', ['1000'], { env: { ...process.env, ...variables } });
  await once(child, 'spawn');
  const id = readProcess(child.pid as number)?.id as ProcessId;
  const end = async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { id, end };
}

/** Returns a process that has ended. */
export async function startDead(): Promise<ProcessId> {
  const { id, end } = await startProcess();
  await end();
  return id;
}
