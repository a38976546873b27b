import { descriptorStat, listDescriptors, readDescriptor, readInode } from '../process/process-descriptors.js';
import { listProcesses } from '../process/process-table.js';
import { identify, inodeOf } from './identity.js';

/**
 * @param key the identity of a pipe or FIFO
 * @param path of the FIFO, if it is known
 * @returns whether the descriptor leads to it, even if the process has it by another path, as in a container
 */
export function leadsTo(key: string, path: string | undefined, pid: number, fd: number): boolean {
  const link = readDescriptor(pid, fd);
  if (link === undefined) return false;
  const isPipe = link.startsWith('pipe:');
  if (!isPipe && !link.startsWith('/')) return false;
  // stat(2) of a file on a server that is gone never returns; what /proc knows of the file is always there.
  const inode = isPipe ? /\d+/.exec(link)?.[0] : readInode(pid, fd);
  if (inode === undefined && path !== undefined) return link === path;
  if (inode !== undefined && inode !== inodeOf(key)) return false;
  const stat = descriptorStat(pid, fd);
  return stat?.isFIFO() === true && identify(stat) === key;
}

/** Returns whether any process that we may look into has the pipe or FIFO of that identity open. */
export function isOpenAnywhere(key: string): boolean {
  return listProcesses().some((pid) => listDescriptors(pid).some((fd) => leadsTo(key, undefined, pid, fd)));
}
