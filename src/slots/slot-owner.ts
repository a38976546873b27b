import { dirname } from 'node:path';
import { findTaker, parseClaimName, type Taker } from '../pool/claim-name.js';
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
  pidOf,
  readArguments,
  readProgram,
  selfAtStart,
} from '../process/process-table.js';
import { type Advertised, findAdvertised } from '../protocol/advertised.js';
import { askStyles } from '../tools/ask-version.js';
import { leavesPool } from '../tools/invoked-tool.js';
import { findTool, MAKE } from '../tools/table.js';

/**
 * A process that has an implicit slot: one that a make started, a session, or what a js-run or js-each started. The three have
 * different names, because a js-run that is itself the recipe of a make, or that a session's shell has become
 * (`sh -c '...; js-run CMD'`), is in one slot and gives another.
 */
export type SlotOwner = `recipe-${ProcessId}` | `session-${ProcessId}` | `below-${Taker}`;

/** The variable that names the claim in which a job runs: the job has it before recordJob() can have been called. */
export const CLAIM_VARIABLE = 'JOBSERVER_TOOLS_CLAIM';

/** Returns the slot owner that the text names, or undefined. */
export function parseSlotOwner(text: string): SlotOwner | undefined {
  return /^(recipe|session|below)-\d+\.\d+(_\d+)?$/.test(text) ? (text as SlotOwner) : undefined;
}

/** Returns whether a slot owner is a single job: there are no more of them than slots. */
export const isJob = (owner: SlotOwner | undefined): boolean => owner !== undefined && !owner.startsWith('session-');

/**
 * Finds whose implicit slot this process may use: the nearest client of the pool above us, or rather what it started
 * (PROTOCOL 20, 21). A js-run is known by its claim and a session by its mark, both by pid and both in the pool's folder; a
 * make by the mark that it leaves on the environment.
 * @returns undefined if no process above has a slot, as after nohup or setsid
 */
export async function findSlotOwner(pool: Pool): Promise<SlotOwner | undefined> {
  const { session, job } = pool.record ?? {};
  for (const { entry, findMake, variable } of walkUp()) {
    if (isHolder(pool.folder, entry.id)) return `below-${entry.id}`;
    if (isSession(pool.folder, entry.id)) return `session-${entry.id}`;
    // A js-each has a claim for each of its jobs.
    const claim = parseClaimName(variable(CLAIM_VARIABLE) ?? '');
    if (claim?.number !== undefined && pidOf(claim.holder) === entry.parent && isHolder(pool.folder, findTaker(claim)))
      return `below-${findTaker(claim)}`;
    // The job goes on in the slot of a js-create or js-run that was killed.
    if (session && entry.id === job) return `session-${session}`;
    const make = findMake();
    if (make !== undefined ? isAdvertisedByMake(pool, make) : await isStartedByClient(pool, entry))
      return `recipe-${entry.id}`;
  }
  return findKilledOwner(pool);
}

/**
 * Returns the slot of a js-run or js-each above us that was killed: its job goes on in that slot, and would wait for ever for another one if
 * all slots were held like that.
 */
function findKilledOwner(pool: Pool): SlotOwner | undefined {
  const claim = variableIn(readEnvironment(selfAtStart().pid) ?? '', CLAIM_VARIABLE) ?? '';
  const name = parseClaimName(claim);
  if (name === undefined || isAlive(name.holder)) return undefined;
  const taker = findTaker(name);
  return isHolder(pool.folder, taker) ? `below-${taker}` : undefined;
}

/**
 * Returns whether a client that leaves no mark, such as ninja, started the process. It is known by its name alone; it has joined
 * if it understands the style in which the pool is advertised to the process.
 */
async function isStartedByClient(pool: Pool, { pid, parent }: ProcessEntry): Promise<boolean> {
  const program = readProgram(parent);
  const tool = program === undefined ? undefined : findTool(program);
  if (program === undefined || !tool?.slotPerChild || tool === MAKE) return false;
  const environment = readEnvironment(pid);
  if (environment === undefined) return false;
  const advertised = findAdvertised((name) => variableIn(environment, name));
  if (advertised === undefined || !leadsToPool(advertised, pool, parent)) return false;
  const { auth, path } = advertised;
  const offered: string[] = path === undefined ? [auth.kind] : [auth.kind, 'fifo'];
  // In a user's folder root caches nothing.
  const styles = await askStyles(tool, program, {}, pool.user === undefined ? dirname(pool.folder) : '/dev/null');
  return styles.some((style) => offered.includes(style)) && !leavesPool(tool, styles, readArguments(parent));
}

/** Returns whether a make advertised this pool to its child: it may have one of its own, or have left ours. */
export function isAdvertisedByMake(pool: Pool, make: MakeAbove): boolean {
  const advertised = findAdvertised(make.variable);
  return advertised !== undefined && leadsToPool(advertised, pool, make.pid);
}

/** Returns whether what a client advertises leads to the pool. */
function leadsToPool({ auth, closed, path }: Advertised, pool: Pool, client: number): boolean {
  const named = closed ?? auth;
  if (named.kind === 'fifo') return identifyPath(named.path) === pool.key;
  // A pair that is open counts before the path, which may still be that of a pool that a make has left.
  const stat = named.kind === 'pair' ? descriptorStat(client, named.read) : undefined;
  if (stat?.isFIFO()) return identify(stat) === pool.key;
  return path !== undefined && identifyPath(path) === pool.key;
}
