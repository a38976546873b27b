import {
  listDescriptors,
  type ProcessEntry,
  type ProcessId,
  readDescriptor,
  readProcess,
} from '../process/process-table.js';

/**
 * Finds the shell that called a command, to hold what the command leaves behind. In `H=$(js-acquire | tail -1)` the parent
 * is a subshell that ends before the line does; the shell that reads its output is meant. In `( js-acquire; ... ) &` the
 * subshell itself is meant: it goes on.
 * @param parent the command's parent
 * @returns undefined where the parent has ended already
 */
export function findCallingShell(parent: number): ProcessId | undefined {
  let shell = readProcess(parent);
  while (shell !== undefined) {
    const reader = findReader(shell);
    if (reader === undefined) return shell.id;
    shell = reader;
  }
  return undefined;
}

/** @returns the shell that `subshell` was forked from for a command substitution, so that it reads its output */
function findReader(subshell: ProcessEntry): ProcessEntry | undefined {
  const output = readDescriptor(subshell.pid, 1);
  if (output === undefined || !output.startsWith('pipe:')) return undefined;
  let above = readProcess(subshell.parent);
  // Only forks of one shell share their image; every exec lays it out anew.
  while (above !== undefined && above.image === subshell.image && above.image !== HIDDEN) {
    const { pid } = above;
    if (listDescriptors(pid).some((fd) => fd !== 1 && readDescriptor(pid, fd) === output)) {
      if (readDescriptor(pid, 1) !== output) return above;
    }
    above = readProcess(above.parent);
  }
  return undefined;
}

/** What /proc says of processes that we may not look into. */
const HIDDEN = '0,0,0';
