import { dirname } from 'node:path';
import { isClientOf } from '../pool/folder.js';
import { identify } from '../pool/identity.js';
import { isOpenAs, type Pool } from '../pool/pool.js';
import { type MakeAbove, walkUp } from '../process/ancestry.js';
import {
  isAlive,
  type ProcessEntry,
  type ProcessId,
  parseProcessId,
  readArguments,
  readEnvironment,
  readProgram,
  selfAtStart,
  variableIn,
} from '../process/process-table.js';
import { findAdvertised } from '../protocol/advertised.js';
import { findLeaving } from '../tools/front.js';
import { findTool, MAKE } from '../tools/table.js';
import { askStyles } from '../tools/version.js';
import { tryExactStat } from '../try-stat.js';

/**
 * Who has an implicit slot: a process that a make started, or whatever one of our commands started or a session runs.
 * A js-run that is a recipe's own process is both, and these are two slots: it runs in the one and gives the other.
 */
export type SlotOwner = `recipe-${ProcessId}` | `below-${ProcessId}`;

/** Tells a job whose claim it runs in: it is there from the job's first moment on, before recordJob() can have been called. */
export const CLAIM_VARIABLE = 'JOBSERVER_TOOLS_CLAIM';

/** @returns the slot owner that the text names, or undefined */
export function parseSlotOwner(text: string): SlotOwner | undefined {
  return /^(recipe|below)-\d+\.\d+$/.test(text) ? (text as SlotOwner) : undefined;
}

/**
 * Finds whose implicit slot this process may use: the nearest client of the pool above us, or rather what it started
 * (PROTOCOL 20, 21). A js-run is known by its claim and a session by its mark, both by pid and both in the pool's folder; a
 * make by the mark that it leaves on the environment.
 * @returns undefined where nobody above has a slot, as after nohup or setsid
 */
export async function findSlotOwner(pool: Pool): Promise<SlotOwner | undefined> {
  for (const { entry, findMake } of walkUp()) {
    if (isClientOf(pool.folder, entry.id)) return `below-${entry.id}`;
    const make = findMake();
    if (make !== undefined ? isTold(pool, make) : await isStartedByClient(pool, entry)) return `recipe-${entry.id}`;
  }
  return findKilledOwner(pool);
}

/**
 * @returns what a js-run above us that was killed has left: its job goes on in its slot, and would wait for ever for another
 * one where all slots are held so
 */
function findKilledOwner(pool: Pool): SlotOwner | undefined {
  const id = parseProcessId(variableIn(readEnvironment(selfAtStart().pid) ?? '', CLAIM_VARIABLE) ?? '');
  return id !== undefined && isClientOf(pool.folder, id) && !isAlive(id) ? `below-${id}` : undefined;
}

/**
 * @returns whether a client that leaves no mark, such as ninja, started the process. It is known by its name alone, so what
 * it understands of the pool that it told the process of must say whether it joined.
 */
async function isStartedByClient(pool: Pool, { pid, parent }: ProcessEntry): Promise<boolean> {
  const program = readProgram(parent);
  const tool = program === undefined ? undefined : findTool(program);
  if (program === undefined || !tool?.starter || tool === MAKE) return false;
  const environment = readEnvironment(pid);
  if (environment === undefined) return false;
  const client: MakeAbove = { pid: parent, variable: (name) => variableIn(environment, name) };
  if (!isTold(pool, client)) return false;
  const kind = findAdvertised(client.variable)?.auth.kind;
  const styles = await askStyles(tool, program, {}, dirname(pool.folder));
  return styles.some((style) => style === kind) && findLeaving(tool, styles, readArguments(parent)) === undefined;
}

/** @returns whether it was this pool that the client told its child of; it may have one of its own */
function isTold(pool: Pool, make: MakeAbove): boolean {
  const told = findAdvertised(make.variable);
  if (told === undefined) return false;
  const auth = told.closed ?? told.auth;
  if (auth.kind === 'pair') return isOpenAs(pool, make.pid, auth.read);
  if (auth.kind !== 'fifo') return false;
  const stat = tryExactStat(auth.path);
  return stat !== undefined && identify(stat) === pool.key;
}
