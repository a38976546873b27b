import { closeSync, readFileSync } from 'node:fs';
import { listDescriptors, readDescriptor } from './process-table.js';

/**
 * Finds the descriptors from 3 on that this process got from its parent, to hand them down: Node keeps them to itself.
 * They are told from Node's own by being the parent's too. To be called before anything is opened.
 */
export function listInherited(parent: number): number[] {
  const candidates = listDescriptors(parent).filter((fd) => fd >= 3);
  if (candidates.length === 0) return [];
  const own = listDescriptors('self');
  return candidates.filter((fd) => {
    if (!own.includes(fd)) return false;
    const link = readDescriptor('self', fd);
    // Where the parent is a Node program, it has event descriptors of the same name at the same numbers.
    return link !== undefined && !link.startsWith('anon_inode:') && link === readDescriptor(parent, fd);
  });
}

/** @returns the first two of the candidates, by default all from 3 on, that are not in use */
export function chooseFreeNumbers(used: readonly number[], candidates?: readonly number[]): (number | undefined)[] {
  // Among one number more than are in use one is free.
  const numbers = candidates ?? Array.from({ length: used.length + 2 }, (_, index) => index + 3);
  return numbers.filter((fd) => !used.includes(fd)).slice(0, 2);
}

/**
 * Closes every descriptor from 3 on that a program started by us would inherit, which is what we inherited ourselves: what
 * Node opens is close-on-exec (proc_pid_fdinfo(5): O_CLOEXEC in flags).
 */
export function closeInheritable(): void {
  for (const fd of listDescriptors('self')) {
    if (fd < 3) continue;
    try {
      const flags = Number.parseInt(
        /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1'))?.[1] ?? '',
        8,
      );
      if ((flags & O_CLOEXEC) === 0) closeSync(fd);
    } catch {
      // It was the descriptor that listed the others.
    }
  }
}

const O_CLOEXEC = 0o2000000;
