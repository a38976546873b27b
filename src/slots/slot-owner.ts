import { dirname } from 'node:path';
import { parseClaimName } from '../pool/claim-name.js';
import { identify, identifyPath } from '../pool/identity.js';
import type { Pool } from '../pool/pool.js';
import { isHolder, isSession } from '../pool/pool-folder.js';
import { type MakeAbove, walkUp } from '../process/ancestry.js';
import { descriptorStat } from '../process/process-descriptors.js';
import { readEnvironment, variableIn } from '../process/process-environment.js';
import {
  isAlive,
  type ProcessEntry,
  type ProcessId,
  readArguments,
  readProgram,
  selfAtStart,
} from '../process/process-table.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import { askStyles } from '../tools/ask-version.js';
import { leavesPool } from '../tools/invoked-tool.js';
import { findTool, MAKE } from '../tools/table.js';

/**
 * Who has an implicit slot: a process that a make started, a session, or whatever a js-run started. A js-run that is a
 * recipe's own process is in one slot and gives another, and so is a js-run that a session's shell has become (`sh -c
 * '...; js-run CMD'`): of one name they would be one.
 */
export type SlotOwner = `recipe-${ProcessId}` | `session-${ProcessId}` | `below-${ProcessId}`;

/** Tells a job whose claim it runs in: it is there from the job's first moment on, before recordJob() can have been called. */
export const CLAIM_VARIABLE = 'JOBSERVER_TOOLS_CLAIM';

/** @returns the slot owner that the text names, or undefined */
export function parseSlotOwner(text: string): SlotOwner | undefined {
  return /^(recipe|session|below)-\d+\.\d+$/.test(text) ? (text as SlotOwner) : undefined;
}

/**
 * Finds whose implicit slot this process may use: the nearest client of the pool above us, or rather what it started
 * (PROTOCOL 20, 21). A js-run is known by its claim and a session by its mark, both by pid and both in the pool's folder; a
 * make by the mark that it leaves on the environment.
 * @returns undefined if nobody above has a slot, as after nohup or setsid
 */
export async function findSlotOwner(pool: Pool): Promise<SlotOwner | undefined> {
  const { session, job } = pool.record ?? {};
  for (const { entry, findMake } of walkUp()) {
    if (isHolder(pool.folder, entry.id)) return `below-${entry.id}`;
    if (isSession(pool.folder, entry.id)) return `session-${entry.id}`;
    // It goes on in the slot of a js-create or js-run that was killed.
    if (session && entry.id === job) return `session-${session}`;
    const make = findMake();
    if (make !== undefined ? isToldByMake(pool, make) : await isStartedByClient(pool, entry))
      return `recipe-${entry.id}`;
  }
  return findKilledOwner(pool);
}

/**
 * @returns what a js-run above us that was killed has left: its job goes on in its slot, and would wait for ever for another
 * one where all slots are held so
 */
function findKilledOwner(pool: Pool): SlotOwner | undefined {
  const claim = variableIn(readEnvironment(selfAtStart().pid) ?? '', CLAIM_VARIABLE) ?? '';
  const owner = parseClaimName(claim)?.holder;
  return owner !== undefined && isHolder(pool.folder, owner) && !isAlive(owner) ? `below-${owner}` : undefined;
}

/**
 * @returns whether a client that leaves no mark, such as ninja, started the process. It is known by its name alone, so what
 * it understands of the pool that it told the process of must say whether it joined.
 */
async function isStartedByClient(pool: Pool, { pid, parent }: ProcessEntry): Promise<boolean> {
  const program = readProgram(parent);
  const tool = program === undefined ? undefined : findTool(program);
  if (program === undefined || !tool?.slotPerChild || tool === MAKE) return false;
  const environment = readEnvironment(pid);
  if (environment === undefined) return false;
  const told = findAdvertised((name) => variableIn(environment, name));
  if (told === undefined || !isTold(pool, told, parent)) return false;
  const heard: string[] = told.path === undefined ? [told.auth.kind] : [told.auth.kind, 'fifo'];
  // In a user's folder root remembers nothing.
  const styles = await askStyles(tool, program, {}, pool.user === undefined ? dirname(pool.folder) : '/dev/null');
  return styles.some((style) => heard.includes(style)) && !leavesPool(tool, styles, readArguments(parent));
}

/** @returns whether it was this pool that a make told its child of; it may have one of its own, or have left ours */
export function isToldByMake(pool: Pool, make: MakeAbove): boolean {
  const told = findAdvertised(make.variable);
  return told !== undefined && isTold(pool, told, make.pid);
}

/** @returns whether it is this pool that a client advertises */
function isTold(pool: Pool, { auth, closed, path }: Advertised, client: number): boolean {
  const spoken = closed ?? auth;
  if (spoken.kind === 'fifo') return identifyPath(spoken.path) === pool.key;
  // A pair that is open counts before the path: that one is still of the pool that a make has left.
  const stat = spoken.kind === 'pair' ? descriptorStat(client, spoken.read) : undefined;
  if (stat?.isFIFO()) return identify(stat) === pool.key;
  return path !== undefined && identifyPath(path) === pool.key;
}
