import { readFileSync } from 'node:fs';
import type { Pool } from '../pool/pool.js';

/** What the keepers of a pool have made good so far, by keeper.log. */
export interface Repairs {
  /** How many tokens they put in for lost ones. */
  putBack: number;
  /** How many they took out, because there were too many. */
  removed: number;
  /** How many claims of processes that had ended they returned. */
  returnedClaims: number;
}

/** Returns what keeper.log says; undefined if it cannot be read. */
export function countRepairs({ folder }: Pick<Pool, 'folder'>): Repairs | undefined {
  let log: string;
  try {
    log = readFileSync(`${folder}/keeper.log`, 'utf8');
  } catch {
    return undefined;
  }
  const sum = (line: RegExp) => [...log.matchAll(line)].reduce((total, [, count]) => total + Number(count), 0);
  return {
    putBack: sum(/ put back (\d+) tokens?\b/g),
    removed: sum(/ removed (\d+) surplus tokens?\b/g),
    returnedClaims: sum(/ returned (\d+) claims?\b/g),
  };
}
