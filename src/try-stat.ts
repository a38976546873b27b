import { type BigIntStats, type Stats, statSync } from 'node:fs';

/** Looks at a file with stat(2); undefined if nothing is there, or if we may not look. */
export function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Looks at a file with stat(2), in exact numbers; undefined if nothing is there, or if we may not look. */
export function tryExactStat(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    return undefined;
  }
}
