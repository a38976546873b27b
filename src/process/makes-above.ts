import { ancestry, type ProcessEntry, readEnvironment } from './process-table.js';

/** A make above us, and its child on the way down to us. */
export interface MakeAbove {
  make: ProcessEntry;
  child: ProcessEntry;
  /** What make told the child. */
  env: Record<string, string>;
}

/**
 * Finds the makes that this process runs below, the nearest first. A make leaves its mark on the environment: it counts
 * MAKELEVEL up by one for its children (make manual, "Variables/Recursion").
 */
export function* findMakesAbove(): Generator<MakeAbove> {
  let child: ProcessEntry | undefined;
  let env: Record<string, string> | undefined;
  for (const entry of ancestry('self')) {
    const above = readEnvironment(entry.pid);
    // Another user's environment is hidden, and with it whatever make left above it.
    if (above === undefined) return;
    if (child !== undefined && env !== undefined && level(env) === level(above) + 1) {
      yield { make: entry, child, env };
    }
    child = entry;
    env = above;
  }
}

function level(env: Record<string, string>): number {
  return Number(env.MAKELEVEL ?? 0);
}
