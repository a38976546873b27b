import { readFileSync } from 'node:fs';

/** Reads a file of the system; undefined if it is not there. */
export type ReadSystemFile = (path: string) => string | undefined;

/** A folder with the files of a control group. */
export interface Cgroup {
  folder: string;
  version: 1 | 2;
}

/** Lists this process's control groups that may have a limit of that controller (`cpu`, `memory`), and those around them. */
export function listCgroups(controller: string, read: ReadSystemFile): Cgroup[] {
  const groups = (read('/proc/self/cgroup') ?? '').split('\n').map((line) => /^\d+:([^:]*):(.*)$/.exec(line) ?? []);
  return groups.flatMap(([, controllers, group]): Cgroup[] => {
    if (group === undefined || controllers === undefined) return [];
    if (controllers === '') return selfAndAbove(group).map((path) => ({ folder: `/sys/fs/cgroup${path}`, version: 2 }));
    if (!controllers.split(',').includes(controller)) return [];
    return selfAndAbove(group).map((path) => ({ folder: `/sys/fs/cgroup/${controllers}${path}`, version: 1 }));
  });
}

/** Returns `/a/b`, `/a` and the root of a cgroup's path. */
function selfAndAbove(group: string): string[] {
  const parts = group.split('/').filter(Boolean);
  return [...parts.map((_, index) => `/${parts.slice(0, parts.length - index).join('/')}`), ''];
}

/** Makes a function that reads files of the system. @param root the folder that stands for `/` */
export const readBelow =
  (root: string): ReadSystemFile =>
  (path) => {
    try {
      return readFileSync(root + path, 'utf8');
    } catch {
      return undefined;
    }
  };
