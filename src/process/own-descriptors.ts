import { closeSync, readFileSync } from 'node:fs';
import { isStandalone } from './own-program.js';
import { isReadable, listDescriptors, readDescriptor } from './process-descriptors.js';

/**
 * Finds the descriptors from 3 on that this process was started with and that Node does not pass on, so that we can. Those that
 * Node has opened itself are known by their kind. Must be called before anything else is opened.
 */
export function listInherited(parent: number): number[] {
  const links = new Map<string, number[]>();
  for (const fd of listDescriptors('self')) {
    const link = fd < 3 || isHandedDown(fd) ? undefined : readDescriptor('self', fd);
    if (link === undefined || link.startsWith('anon_inode:')) continue;
    const fds = links.get(link);
    if (fds === undefined) links.set(link, [fd]);
    else fds.push(fd);
  }
  let theirs: Set<string | undefined> | undefined;
  return [...links].flatMap(([link, fds]) => {
    if (!looksLikeNodes(link, fds)) return fds;
    theirs ??= new Set(listDescriptors(parent).map((fd) => readDescriptor(parent, fd)));
    return theirs.has(link) ? fds : [];
  });
}

/**
 * Node makes the first 16 descriptors, and those that follow without a gap, close-on-exec when it starts
 * (uv_disable_stdio_inheritance). Any above come to its children by themselves. Bun hands down none.
 */
const isHandedDown = (fd: number): boolean => !isStandalone && fd > 64;

/** Returns whether it looks like a pipe of Node's, which has both ends open; a jobserver's pair does too, but the parent has it. */
const looksLikeNodes = (link: string, fds: readonly number[]): boolean =>
  fds.length > 1 && link.startsWith('pipe:') && !fds.every((fd) => isReadable('self', fd));

/** Chooses the first two of the candidates, by default of all numbers from 3 on, that are not in use. */
export function chooseFreeNumbers(used: readonly number[], candidates?: readonly number[]): (number | undefined)[] {
  // Of two numbers more than are in use two are free.
  const numbers = candidates ?? Array.from({ length: used.length + 2 }, (_, index) => index + 3);
  return numbers.filter((fd) => !used.includes(fd)).slice(0, 2);
}

/**
 * Finds the descriptors from 3 on that a program started by us would inherit, which is what we inherited ourselves: what
 * Node opens is close-on-exec (proc_pid_fdinfo(5): O_CLOEXEC in flags).
 */
export function listInheritable(): number[] {
  return listDescriptors('self').filter((fd) => fd > 2 && !isClosedByExec(fd));
}

/** Returns whether exec(2) closes a descriptor, or it is not open. */
export function isClosedByExec(fd: number): boolean {
  try {
    const text = readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1');
    return (Number.parseInt(/^flags:\s*(\d+)/m.exec(text)?.[1] ?? '', 8) & O_CLOEXEC) !== 0;
  } catch {
    // It was the descriptor that listed the others.
    return true;
  }
}

/** Closes what listInheritable() finds. */
export function closeInheritable(): void {
  for (const fd of listInheritable()) closeSync(fd);
}

const O_CLOEXEC = 0o2000000;
