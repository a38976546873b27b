import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { cannot, errorCode, isExhausted } from '../errors.js';
import { lookAt } from './look-at-proc.js';

/** Reads what a process's descriptor leads to: `pipe:[123]`, `/tmp/fifo`; undefined if it is closed or hidden. */
export function readDescriptor(pid: number | 'self', fd: number): string | undefined {
  return lookAt(`/proc/${pid}/fd/${fd}`, undefined, (path) => readlinkSync(path));
}

/** Returns whether a process's descriptor is open for reading, by the permissions of its link (proc_pid_fd(5)). */
export const isReadable = (pid: number | 'self', fd: number): boolean => (linkMode(pid, fd) & 0o400) !== 0;

/** Returns whether a process's descriptor is open for writing. */
export const isWritable = (pid: number | 'self', fd: number): boolean => (linkMode(pid, fd) & 0o200) !== 0;

function linkMode(pid: number | 'self', fd: number): number {
  return lookAt(`/proc/${pid}/fd/${fd}`, 0, (path) => lstatSync(path).mode);
}

/** Lists a process's open descriptors; none if we may not look. */
export function listDescriptors(pid: number | 'self'): number[] {
  return lookAt(`/proc/${pid}/fd`, [], (path) => readdirSync(path).map(Number));
}

/** Lists a process's open descriptors; undefined if it may have some and we may not look. @throws as readProcess() */
export function tryListDescriptors(pid: number): number[] | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).map(Number);
  } catch (error) {
    if (isExhausted(error)) throw cannot('read', `/proc/${pid}/fd`, error);
    return ['EACCES', 'EPERM'].includes(errorCode(error) ?? '') ? undefined : [];
  }
}

/** Reads the inode number of what a process's descriptor leads to; undefined if it is hidden, and before Linux 5.14. */
export function readInode(pid: number, fd: number): string | undefined {
  const text = lookAt(`/proc/${pid}/fdinfo/${fd}`, '', (path) => readFileSync(path, 'latin1'));
  return /^ino:\s*(\d+)/m.exec(text)?.[1];
}

/** Looks with stat(2) at what a process's descriptor leads to; undefined if it is closed or hidden. */
export function descriptorStat(pid: number | 'self', fd: number): BigIntStats | undefined {
  return lookAt(`/proc/${pid}/fd/${fd}`, undefined, (path) => statSync(path, { bigint: true }));
}
