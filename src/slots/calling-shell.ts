import { isReadable, listDescriptors, readDescriptor } from '../process/process-descriptors.js';
import { type ProcessEntry, type ProcessId, readProcess, selfAtStart } from '../process/process-table.js';
import { isScriptShell, isShellForUs, isWrapper } from './wrapper-programs.js';

/**
 * Finds the shell that called a command, to hold what the command leaves behind. In `H=$(js-acquire | tail -1)` that is not the
 * parent, a subshell that ends before the line does, but the shell that reads its output. In `( js-acquire; ... ) &` it is the
 * subshell, which goes on.
 * @param parent the command's parent
 * @returns undefined if the parent has ended already
 */
export function findCallingShell(parent: number): ProcessId | undefined {
  let shell = findParent(parent);
  // A process that runs one command and ends with it is not the caller.
  while (shell !== undefined && (isWrapper(shell) || endsWithUs(shell))) shell = readProcess(shell.parent);
  return findOutermost(shell);
}

/**
 * Finds the shell that reads what this process prints, to hold what that names: in `H=$(timeout 10 js-acquire)` not timeout.
 * @param parent this process's parent
 * @returns the result of findCallingShell() if no process above reads our output
 */
export function findReadingShell(parent: number): ProcessId | undefined {
  const start = findParent(parent);
  const reader = start && findReaderAbove(start);
  return reader === undefined ? findCallingShell(parent) : findOutermost(reader);
}

/** Returns whether a shell runs one of our commands and ends with it. bash becomes the command of `-c TEXT`, dash waits for it. */
const endsWithUs = (shell: ProcessEntry): boolean => shell.parent > 1 && isShellForUs(shell);

/** Returns the parent, unless it is a process that adopted us. */
function findParent(parent: number): ProcessEntry | undefined {
  const self = selfAtStart();
  const entry = readProcess(parent);
  // If our session is not ours alone, a parent of another session has adopted us (init): it would hold the slots for ever.
  return entry?.session !== self.session && self.session !== self.pid ? undefined : entry;
}

/** Returns the nearest process above that has our output open for reading, as far up as the script that we are called from. */
function findReaderAbove(parent: ProcessEntry): ProcessEntry | undefined {
  let pipe = readDescriptor('self', 1);
  let script: ProcessEntry | undefined;
  for (let above: ProcessEntry | undefined = parent; above !== undefined; above = readProcess(above.parent)) {
    // A process that reads what a whole script prints did not call us.
    if (script !== undefined && !isForkOf(script, above)) return undefined;
    if (isReaderOf(pipe, above)) {
      if (!isWrapper(above)) return above;
      // sudo copies what it reads.
      pipe = readDescriptor(above.pid, 1);
    }
    if (script === undefined && isScriptShell(above)) script = above;
  }
  return undefined;
}

/** Returns the shell that goes on when the command substitutions in which `shell` is have ended. */
function findOutermost(shell: ProcessEntry | undefined): ProcessId | undefined {
  for (let last = shell; last !== undefined; ) {
    const reader = findReader(last);
    if (reader === undefined) return last.id;
    last = reader;
  }
  return undefined;
}

/** Returns the shell that reads what `subshell`, or a pipeline that it is a part of, writes in a command substitution. */
function findReader(subshell: ProcessEntry): ProcessEntry | undefined {
  for (let writer = subshell; ; ) {
    const above = readProcess(writer.parent);
    if (above === undefined || !isForkOf(writer, above)) return undefined;
    const reader = findReaderOf(readDescriptor(writer.pid, 1), above);
    if (reader !== undefined) return reader;
    writer = above;
  }
}

/** Returns the nearest of `shell` and the shells that it was forked from that has the pipe open for reading. */
function findReaderOf(pipe: string | undefined, shell: ProcessEntry): ProcessEntry | undefined {
  for (let reader = shell; ; ) {
    if (isReaderOf(pipe, reader)) return reader;
    const above = readProcess(reader.parent);
    if (above === undefined || !isForkOf(reader, above)) return undefined;
    reader = above;
  }
}

/** Returns whether the process has the pipe, as readlink(2) names it, open for reading. */
const isReaderOf = (pipe: string | undefined, { pid }: ProcessEntry): boolean =>
  pipe?.startsWith('pipe:') === true &&
  listDescriptors(pid).some((fd) => isReadable(pid, fd) && readDescriptor(pid, fd) === pipe);

/** Returns whether a process is a fork of its parent: only those share their image; every exec lays it out anew. */
const isForkOf = (child: ProcessEntry, parent: ProcessEntry): boolean =>
  child.image === parent.image && child.image !== HIDDEN;

/** The image of processes that we may not look into. */
const HIDDEN = '0,0,0';
