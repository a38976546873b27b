import { leadsTo } from '../pool/find-openers.js';
import type { Pool } from '../pool/pool.js';
import { isOfOurs } from '../process/own-program.js';
import { listDescriptors, readDescriptor } from '../process/process-descriptors.js';
import { listProcesses, readArguments } from '../process/process-table.js';
import { findTool } from '../tools/table.js';

/** A process that can take tokens without a claim, because it has the pool open. */
export interface PoolClient {
  pid: number;
  /** Its command line. */
  command: string;
}

/** Who has the pool open, apart from our own commands. */
export interface PoolClients {
  /** Tools that are known to take tokens. */
  clients: PoolClient[];
  /** How many other processes have inherited it, such as shells and compilers. */
  bystanders: number;
}

/** Lists who has the pool open, as far as we may look. @param own the pids of keepers and of those that have claims */
export function listClients(pool: Pool, own: ReadonlySet<number>): PoolClients {
  const found: PoolClients = { clients: [], bystanders: 0 };
  const link = readDescriptor('self', pool.fd);
  for (const pid of listProcesses()) {
    if (pid === process.pid || own.has(pid)) continue;
    if (!listDescriptors(pid).some((fd) => leadsTo(pool.key, link, pid, fd)) || isOfOurs(pid)) continue;
    const words = readArguments(pid);
    if (findTool(words[0] ?? '') === undefined) found.bystanders++;
    else found.clients.push({ pid, command: words.join(' ') });
  }
  return found;
}
