import { type ProcessId, pidNamespace, pidOf } from '../process/process-table.js';

/** The number in the name of a pid namespace; 0 where it is hidden. */
const namespaceNumber = (): string => Number(/\d+/.exec(pidNamespace())?.[0] ?? 0).toString(36);

/**
 * @param maker who makes it
 * @returns the path of a new FIFO in the state folder, which tells who is making it
 */
export function nameOwnFifo(root: string, maker: ProcessId): string {
  return `${root}/${pidOf(maker)}-${Date.now().toString(36)}_${namespaceNumber()}.fifo`;
}

/**
 * @param name of a file in the state folder
 * @returns the pid of who made that FIFO, 0 for one of another pid namespace; undefined where it is no FIFO of ours
 */
export function makerOf(name: string): number | undefined {
  const [, pid, namespace] = /^(\d+)-[0-9a-z]+_([0-9a-z]+)\.fifo$/.exec(name) ?? [];
  if (pid === undefined) return undefined;
  return namespace === namespaceNumber() ? Number(pid) : 0;
}
