import {
  isReadable,
  listDescriptors,
  type ProcessEntry,
  type ProcessId,
  readDescriptor,
  readProcess,
  selfAtStart,
} from '../process/process-table.js';

/**
 * Finds the shell that called a command, to hold what the command leaves behind. In `H=$(js-acquire | tail -1)` the parent
 * is a subshell that ends before the line does; the shell that reads its output is meant. In `( js-acquire; ... ) &` the
 * subshell itself is meant: it goes on.
 * @param parent the command's parent
 * @returns undefined where the parent has ended already
 */
export function findCallingShell(parent: number): ProcessId | undefined {
  const self = selfAtStart();
  let shell = readProcess(parent);
  // Of another session than ours, which we did not begin, is only who adopted us (init): it would hold the slots for ever.
  if (shell?.session !== self.session && self.session !== self.pid) return undefined;
  while (shell !== undefined) {
    const reader = findReader(shell);
    if (reader === undefined) return shell.id;
    shell = reader;
  }
  return undefined;
}

/** @returns the shell that reads what `subshell`, or a pipeline that it is a part of, writes in a command substitution */
function findReader(subshell: ProcessEntry): ProcessEntry | undefined {
  for (let writer = subshell; ; ) {
    const above = readProcess(writer.parent);
    if (above === undefined || !isForkOf(writer, above)) return undefined;
    const reader = findReaderOf(readDescriptor(writer.pid, 1), above);
    if (reader !== undefined) return reader;
    writer = above;
  }
}

/** @returns the nearest of `shell` and the shells that it was forked from that has the pipe open for reading */
function findReaderOf(pipe: string | undefined, shell: ProcessEntry): ProcessEntry | undefined {
  if (pipe === undefined || !pipe.startsWith('pipe:')) return undefined;
  for (let reader = shell; ; ) {
    const { pid, parent } = reader;
    if (listDescriptors(pid).some((fd) => isReadable(pid, fd) && readDescriptor(pid, fd) === pipe)) return reader;
    const above = readProcess(parent);
    if (above === undefined || !isForkOf(reader, above)) return undefined;
    reader = above;
  }
}

/** Only forks of one program share their image; every exec lays it out anew. */
const isForkOf = (child: ProcessEntry, parent: ProcessEntry): boolean =>
  child.image === parent.image && child.image !== HIDDEN;

/** What /proc says of processes that we may not look into. */
const HIDDEN = '0,0,0';
