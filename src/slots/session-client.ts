import type { Pool } from '../pool/pool.js';
import { isHolder } from '../pool/pool-folder.js';
import { walkUp } from '../process/ancestry.js';
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
import { isAdvertisedByMake } from './slot-owner.js';

/** Returns whether a program is a client that joins any pool that is advertised to it, so that its name says enough. */
const isClient = (program: string): boolean => {
  const tool = findTool(program);
  return tool === MAKE || tool?.names.includes('cargo') === true;
};

/**
 * Returns whether a session has started a make or cargo without js-run: it takes the session's slot for granted, so no other
 * claim may have that meanwhile. What is below our own commands has slots of theirs.
 */
export function isSessionInClient(pool: Pool, session: ProcessId): boolean {
  const pids = readChildren(pidOf(session));
  // The list grows while it is read; no process is in it twice.
  for (const pid of pids) {
    const entry = readProcess(pid);
    if (entry === undefined || isHolder(pool.folder, entry.id)) continue;
    const program = readProgram(pid);
    if (program !== undefined && isClient(program)) {
      // A process below it to which no pool is advertised (`env -i`) would wait for a slot that it already has.
      if (isJoined(pool, pid, program) && !isAbove(pid)) return true;
      continue;
    }
    pids.push(...readChildren(pid));
  }
  return false;
}

const isAbove = (pid: number): boolean => [...walkUp()].some(({ entry }) => entry.pid === pid);

function isJoined(pool: Pool, pid: number, program: string): boolean {
  const environment = readEnvironment(pid);
  const tool = findTool(program);
  if (environment === undefined || tool === undefined) return false;
  const variable = (name: string) => variableIn(environment, name);
  return isAdvertisedByMake(pool, { pid, variable }) && !leavesPool(tool, ['fifo', 'pair'], readArguments(pid));
}
