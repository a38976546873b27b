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
import { isToldByMake } from './slot-owner.js';

/** Clients that join any pool that they are told of, so that their name says enough. */
const isClient = (program: string): boolean => {
  const tool = findTool(program);
  return tool === MAKE || tool?.names.includes('cargo') === true;
};

/**
 * Finds a make or cargo that a session has started without js-run: it takes the session's slot for granted, so that no other
 * may have it meanwhile. What is below our own commands has slots of theirs.
 * @returns whether there is one
 */
export function isSessionInClient(pool: Pool, session: ProcessId): boolean {
  const pids = readChildren(pidOf(session));
  // A list that grows while it is read: no process is in it twice.
  for (const pid of pids) {
    const entry = readProcess(pid);
    if (entry === undefined || isHolder(pool.folder, entry.id)) continue;
    const program = readProgram(pid);
    if (program !== undefined && isClient(program)) {
      // What is below it and was not told of the pool (`env -i`) would wait for a slot that it already has.
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
  return isToldByMake(pool, { pid, variable }) && !leavesPool(tool, ['fifo', 'pair'], readArguments(pid));
}
