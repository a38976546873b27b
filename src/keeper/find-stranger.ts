import { existsSync, fstatSync, readlinkSync } from 'node:fs';
import { uptime } from 'node:os';
import { basename, dirname } from 'node:path';
import { parseClaimName } from '../pool/claim-name.js';
import { isOwnFifo } from '../pool/fifo-name.js';
import { leadsTo } from '../pool/find-openers.js';
import type { Pool } from '../pool/pool.js';
import { readRecord } from '../pool/pool-record.js';
import { followPointer } from '../pool/state-pointer.js';
import { isOfOurs } from '../process/own-program.js';
import { isReadable, isWritable, readDescriptor, tryListDescriptors } from '../process/process-descriptors.js';
import {
  isAlive,
  listProcesses,
  type ProcessEntry,
  pidOf,
  readArguments,
  readProcess,
  readProgram,
  readStatus,
  startOf,
} from '../process/process-table.js';
import { listClaims } from '../slots/read-claim.js';
import { findTool } from '../tools/table.js';
import { findFirstKeeper } from './succession.js';

/** A process that may hold tokens that no claim records. */
export interface Stranger {
  pid: number;
  /** Whether that is all that is known, because we may not look into the process. */
  hidden: boolean;
}

/**
 * Finds a process that may hold a token that no claim records, because it has the FIFO open, or may have it open.
 * @param fifo a descriptor of it
 * @returns the first one; undefined if only the pool's shells, holders of claims and our own idle commands have it open
 */
export function findStranger(pool: Pool, fifo: number): Stranger | undefined {
  const link = readlinkSync(`/proc/self/fd/${fifo}`);
  const holders = listClaims(pool).map((id) => parseClaimName(id)?.holder);
  const known = new Set([process.pid, ...holders.flatMap((id) => (id !== undefined && isAlive(id) ? pidOf(id) : []))]);
  const pids = listProcesses();
  // With proc(5)'s hidepid=invisible those of other users are not even listed.
  if (!pids.includes(1)) return { pid: 1, hidden: true };
  let access: Access | undefined;
  let isFindable: boolean | undefined;
  for (const pid of pids) {
    if (known.has(pid)) continue;
    const fds = tryListDescriptors(pid);
    if (fds === undefined) {
      access ??= accessTo(fifo);
      if (mayHide(pool, pid, access)) return { pid, hidden: true };
      continue;
    }
    const open = fds.filter((fd) => leadsTo(pool.key, link, pid, fd));
    const [fd] = open;
    if (fd === undefined || (open.every((each) => isOneWay(pid, each)) && isShellOfPool(pool, pid))) continue;
    isFindable ??= isFoundBy(pool, link, fifo);
    const isKnown = isFindable && readDescriptor(pid, fd) === link && hasClaimsHere(pid, fifo);
    if (!isKnown || !isIdleCommand(pool, pid)) return { pid, hidden: false };
  }
  return undefined;
}

/** Returns whether a command that opens the FIFO by its path finds this pool's claims: it was not moved, and is known as ours. */
function isFoundBy(pool: Pool, link: string, fifo: number): boolean {
  const root = dirname(pool.folder);
  if (isOwnFifo(basename(link))) return dirname(link) === root;
  return followPointer(link, pool.key, fstatSync(fifo).uid) === root;
}

/** Shells: they hand a pair down to what they start, and take no token themselves. */
const SHELLS = /^((ba|da|z|fi|ya|k|mk|tc|c)?sh|ksh\d*|r?bash|busybox)$/;

/** Says whether a descriptor is one of a pair as a shell has it from us: not opened by the shell itself, `exec 5<>FIFO`, to take tokens. */
const isOneWay = (pid: number, fd: number): boolean => !(isReadable(pid, fd) && isWritable(pid, fd));

/**
 * Returns whether it is the session that the pool was made for, unless that has called exec since, or a shell that js-create runs
 * in the pool, or a fork of either shell. It has a pair open all the time (make below 4.4): as a stranger it would switch off every
 * repair.
 */
function isShellOfPool({ folder, record }: Pool, pid: number): boolean {
  const entry = readProcess(pid);
  if (entry === undefined) return false;
  if (entry.id === record?.session && entry.image === record.image) return true;
  if (!SHELLS.test(basename(readProgram(pid) ?? ''))) return false;
  return [record?.session, readRecord(folder)?.job].some(
    (id) => id && isAlive(id) && readProcess(pidOf(id))?.image === entry.image,
  );
}

/** Returns whether a command has its claims in the pool's folder: it is the user's, or root's. Another user has a folder of their own. */
function hasClaimsHere(pid: number, fifo: number): boolean {
  const [, user] = /^Uid:\t(\d+)/m.exec(readStatus(pid)) ?? [];
  return user === '0' || Number(user) === fstatSync(fifo).uid;
}

/** More than a command takes from its start until its claim is written; a second has 100 ticks. */
const START_TO_CLAIM_TICKS = 300;

/**
 * Returns whether it is a command of ours that holds nothing, because it has no claim yet, or none any more. Commands that find
 * the pool by the same path have their claims in the same folder. In another mount namespace that may be another folder (TRUST_OURS
 * in test/model/slots.pml), so one that has been there for long without a claim is a stranger, unless the pool was made for it.
 */
function isIdleCommand({ record }: Pool, pid: number): boolean {
  const entry = readProcess(pid);
  if (entry === undefined) return true;
  if (!isOfOurs(pid)) return false;
  const isYoung = uptime() * 100 - startOf(entry.id) < START_TO_CLAIM_TICKS;
  return isYoung || entry.id === record?.owner || entry.id === record?.session;
}

/**
 * Returns whether a process that we may not look into may have the FIFO open. It must have opened it, knowing the path, or have
 * inherited it. A process that is older than the pool did neither, so daemons switch no repair off; nor does a thread of the
 * kernel. Of the rest those count that the FIFO's mode lets in (its user, root), and those below a process of the FIFO's user, as
 * after `sudo -u`. Services that init started do not know the pool; sshd, sudo and the like only let others in; a shell in which a
 * person types takes no token. A program that is known to take tokens always counts.
 */
function mayHide(pool: Pool, pid: number, { mayOpen, isOwners }: Access): boolean {
  const status = readStatus(pid);
  // With hidepid=noaccess nothing is known of it but that it is there.
  if (status === '') return existsSync(`/proc/${pid}`);
  const entry = readProcess(pid);
  if (entry === undefined || entry.isKernel) return false;
  const first = findFirstKeeper(pool.folder);
  if (first !== undefined && startOf(entry.id) < startOf(first)) return false;
  const words = readArguments(pid);
  if (findTool(words[0] ?? '') !== undefined) return true;
  if (LOGIN_PROGRAMS.test(nameIn(status)) || isService(entry) || isTypedInto(entry, words)) return false;
  return mayOpen(status) || isBelow(entry, isOwners);
}

/** Programs through which users log in or change their identity, and their agents: the first 15 characters of their names. */
const LOGIN_PROGRAMS =
  /^(sshd|sshd-session|sudo|su|doas|pkexec|login|agetty|cron|crond|\(sd-pam\)|systemd.*|\(systemd\)|\(udev-worker\)|gdm-session-wor|sddm-helper|ssh-agent|gpg-agent|dbus-daemon|dbus-broker.*|polkitd)$/;

/** Returns the name of a process in its proc_pid_status(5); empty if that is hidden. */
export const nameIn = (status: string): string => /^Name:\t(.*)$/m.exec(status)?.[1] ?? '';

/** Returns whether it is a shell on a terminal, without a script or options. */
const isTypedInto = ({ terminal }: ProcessEntry, [name = '', ...more]: readonly string[]): boolean =>
  terminal !== 0 && more.length === 0 && /^-?(ba|da|z|fi|k|mk|tc|c)?sh$/.test(basename(name));

/** Returns whether init, or that of a user, started it as the first of a session without a terminal. */
function isService({ pid, parent, session, terminal }: ProcessEntry): boolean {
  if (session !== pid || terminal !== 0) return false;
  return parent === 1 || nameIn(readStatus(parent)) === 'systemd';
}

/** Returns whether isSuch() accepts the status of any process above. */
function isBelow({ parent }: ProcessEntry, isSuch: (status: string) => boolean): boolean {
  const above = parent > 1 ? readProcess(parent) : undefined;
  return above !== undefined && (isSuch(readStatus(parent)) || isBelow(above, isSuch));
}

/** Which processes, by their proc_pid_status(5), the FIFO's mode allows to take tokens, and which are of the FIFO's user. */
interface Access {
  mayOpen(status: string): boolean;
  isOwners(status: string): boolean;
}

/** The bits of CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH in a set of capabilities(7). */
const READS_ALL = 0b110n;

function accessTo(fifo: number): Access {
  const { mode, uid, gid } = fstatSync(fifo);
  const words = (status: string, field: string) =>
    (new RegExp(`^${field}:\t(.*)`, 'm').exec(status)?.[1] ?? '').trim().split(/\s+/);
  const isOwners = (status: string) => words(status, 'Uid').includes(String(uid));
  return {
    isOwners,
    mayOpen(status) {
      if ((BigInt(`0x${words(status, 'CapEff')[0] || 0}`) & READS_ALL) !== 0n || isOwners(status)) return true;
      const isInGroup = [...words(status, 'Gid'), ...words(status, 'Groups')].includes(String(gid));
      return (mode & (isInGroup ? 0o040 : 0o004)) !== 0;
    },
  };
}
