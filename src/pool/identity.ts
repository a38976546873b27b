import { type BigIntStats, readFileSync } from 'node:fs';
import { cannot, isExhausted } from '../errors.js';
import { tryExactStat } from '../try-stat.js';

/**
 * Returns a name for the FIFO, pipe or device that outlives its path but no reboot: device, inode and time of birth. A pipe has no
 * time of birth; its inode number begins anew with every boot, so the boot's id stands in.
 */
export function identify(stat: BigIntStats): string {
  const birth = stat.birthtimeNs === 0n ? bootId() : stat.birthtimeNs.toString(36);
  return `${stat.dev}-${stat.ino}-${birth}`;
}

/** Returns the identity of what is at a path; undefined if nothing is there, or if we may not look. */
export function identifyPath(path: string): string | undefined {
  const stat = tryExactStat(path);
  return stat && identify(stat);
}

/** Returns the inode's number in what identify() gave. */
export const inodeOf = (key: string): string | undefined => key.split('-')[1];

let boot: string | undefined;

/** Returns what distinguishes one boot of the machine from another. @throws JobserverError 'failed' if too little is left to look */
export function bootId(): string {
  boot ??= readBootId();
  return boot;
}

function readBootId(): string {
  const file = '/proc/sys/kernel/random/boot_id';
  try {
    return readFileSync(file, 'latin1').slice(0, 8);
  } catch (error) {
    // Without a descriptor left to look with, this boot must not be taken for another.
    if (isExhausted(error)) throw cannot('read', file, error);
    return '0';
  }
}
