import { isHandedOver, isOfOurNamespace, parseClaimName } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { isHolder } from '../pool/pool-folder.js';
import { walkUp } from '../process/ancestry.js';
import { clockMs } from '../process/clock.js';
import { readEnvironment, variableIn } from '../process/process-environment.js';
import {
  type ProcessId,
  pidOf,
  readArguments,
  readChildren,
  readProcess,
  readProgram,
} from '../process/process-table.js';
import { leavesPool } from '../tools/invoked-tool.js';
import { findTool, MAKE } from '../tools/table.js';
import { listClaims } from './read-claim.js';
import { isAdvertisedByMake } from './slot-owner.js';

/** Returns whether a program is a client that joins any pool that is advertised to it, so that its name says enough. */
const isClient = (program: string): boolean => {
  const tool = findTool(program);
  return tool === MAKE || tool?.names.includes('cargo') === true;
};

/** For how long it holds that there is none. A client that is started meanwhile could as well have come just after the look. */
const NONE_MS = 50;

let lastNone = { session: '', atMs: -Infinity };

/** Returns whether such a client runs, other than above us, but does not look for each of many jobs that follow each other closely. */
export function isSessionInClient(pool: Pool, session: ProcessId): boolean {
  if (lastNone.session === session && clockMs() - lastNone.atMs < NONE_MS) return false;
  // A process below it to which no pool is advertised (`env -i`) would wait for a slot that it already has.
  const isIn = findClient(pool, session, (pid) => !isAbove(pid)) !== undefined;
  if (!isIn) lastNone = { session, atMs: clockMs() };
  return isIn;
}

/**
 * Finds a make or cargo that a session has started without js-run: it takes the session's slot for granted, so no other
 * claim may have that meanwhile. What is below our own commands has slots of theirs.
 * @param counts whether that process counts
 * @returns its pid
 */
export function findClient(
  pool: Pool,
  session: ProcessId,
  counts: (pid: number) => boolean = () => true,
): number | undefined {
  const pids = readChildren(pidOf(session));
  // The list grows while it is read; no process is in it twice.
  for (const pid of pids) {
    // What runs below us has slots of its own.
    const entry = pid === process.pid ? undefined : readProcess(pid);
    if (entry === undefined || isHolder(pool.folder, entry.id) || takesForJobs(pool, entry.id)) continue;
    const program = readProgram(pid);
    if (program !== undefined && isClient(program)) {
      if (isJoined(pool, pid, program) && counts(pid)) return pid;
      continue;
    }
    pids.push(...readChildren(pid));
  }
  return undefined;
}

/** Returns whether a process has claims for several jobs. */
const takesForJobs = (pool: Pool, id: ProcessId): boolean =>
  listClaims(pool).some((claim) => {
    const name = parseClaimName(claim);
    return name?.holder === id && name.number !== undefined && !isHandedOver(name) && isOfOurNamespace(name);
  });

const isAbove = (pid: number): boolean => [...walkUp()].some(({ entry }) => entry.pid === pid);

function isJoined(pool: Pool, pid: number, program: string): boolean {
  const environment = readEnvironment(pid);
  const tool = findTool(program);
  if (environment === undefined || tool === undefined) return false;
  const variable = (name: string) => variableIn(environment, name);
  return isAdvertisedByMake(pool, { pid, variable }) && !leavesPool(tool, ['fifo', 'pair'], readArguments(pid));
}
