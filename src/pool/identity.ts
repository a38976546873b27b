import { type BigIntStats, readFileSync } from 'node:fs';

/**
 * @returns a name for the FIFO, pipe or device that outlives its path and no reboot: device, inode and time of birth.
 * A pipe has no time of birth; its inode number begins anew with every boot, so the boot's id stands in.
 */
export function identify(stat: BigIntStats): string {
  const birth = stat.birthtimeNs === 0n ? bootId() : stat.birthtimeNs.toString(36);
  return `${stat.dev}-${stat.ino}-${birth}`;
}

/** @returns what tells one boot of the machine from another */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').slice(0, 8);
  } catch {
    return '0';
  }
}
