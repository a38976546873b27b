import { type BigIntStats, type Stats, statSync } from 'node:fs';

/** @returns what stat(2) says; undefined where nothing is there, or where we may not look */
export function tryStat(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** @returns what stat(2) says, in whole numbers; undefined where nothing is there, or where we may not look */
export function tryExactStat(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false, bigint: true });
  } catch {
    return undefined;
  }
}
