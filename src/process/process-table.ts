import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { attempt } from '../errors.js';
import { lookAt } from './look-at-proc.js';

/** The name of a process that no later one with its pid has: `PID.START`, START in clock ticks since boot. */
export type ProcessId = `${number}.${string}`;

/** One line of the process table. */
export interface ProcessEntry {
  pid: number;
  id: ProcessId;
  /** One letter (proc_pid_stat(5)): `S` waits for something, `R` runs, `T` was stopped. */
  state: string;
  parent: number;
  group: number;
  /** A child has its parent's session, unless it started one of its own (setsid(2)). */
  session: number;
  /** 0 if the process has no controlling terminal. */
  terminal: number;
  /** The terminal's foreground process group, -1 if there is no terminal. */
  foreground: number;
  /** Whether it is a thread of the kernel, which opens no files of users. */
  isKernel: boolean;
  /** The addresses of the program's stack, arguments and environment: the same after a fork, others after every exec. */
  image: string;
}

/**
 * Reads one process from /proc (proc_pid_stat(5)).
 * @returns undefined if it has ended (a zombie has) or cannot be seen
 * @throws JobserverError 'failed' if the system has too little left to look, as all functions here that look at another process do
 */
export function readProcess(pid: number | 'self'): ProcessEntry | undefined {
  const text = lookAt(`/proc/${pid}/stat`, undefined, (path) => readFileSync(path, 'utf8'));
  return text === undefined ? undefined : parseEntry(text);
}

function parseEntry(text: string): ProcessEntry | undefined {
  // The name, in parentheses, may itself contain blanks and parentheses: the other fields follow the last one.
  const end = text.lastIndexOf(')');
  const fields = text.slice(end + 2).split(' ');
  const state = fields[0] ?? '';
  if (state === 'Z' || state === 'X') return undefined;
  const number = (index: number) => Number(fields[index]);
  const real = Number.parseInt(text, 10);
  return {
    pid: real,
    id: `${real}.${fields[19] ?? ''}`,
    state,
    parent: number(1),
    group: number(2),
    session: number(3),
    terminal: number(4),
    foreground: number(5),
    isKernel: (number(6) & PF_KTHREAD) !== 0,
    image: [fields[25], fields[45], fields[47]].join(),
  };
}

/** Of the flags in proc_pid_stat(5); from the kernel's sched.h. */
const PF_KTHREAD = 0x20_0000;

let self: ProcessEntry | undefined;

/** Returns this process as it was at the first call: its terminal and foreground may have changed since. */
export function selfAtStart(): ProcessEntry {
  self ??= parseEntry(
    attempt('read', '/proc/self/stat', () => readFileSync('/proc/self/stat', 'utf8')),
  ) as ProcessEntry;
  return self;
}

/** Returns the id of this process. */
export const selfId = (): ProcessId => selfAtStart().id;

/** Reads what proc_pid_status(5) describes, which every user may read; empty if the process has ended or is hidden. */
export function readStatus(pid: number): string {
  return lookAt(`/proc/${pid}/status`, '', (path) => readFileSync(path, 'latin1'));
}

/** Lists the pids of all processes that are visible from here. @throws JobserverError 'failed' */
export function listProcesses(): number[] {
  const entries = attempt('read', '/proc', () => readdirSync('/proc'));
  return entries.filter((entry) => /^\d+$/.test(entry)).map(Number);
}

/** Reads the pids of what a process's first thread, or another one, has started; none if the kernel does not show them (CONFIG_PROC_CHILDREN). */
export function readChildren(pid: number, thread = pid): number[] {
  const text = lookAt(`/proc/${pid}/task/${thread}/children`, '', (path) => readFileSync(path, 'latin1'));
  return text.split(' ').filter(Boolean).map(Number);
}

/** Returns whether that process, not a later one with its pid, still runs. */
export function isAlive(id: ProcessId): boolean {
  return readProcess(pidOf(id))?.id === id;
}

/** Returns the pid in a process id. */
export function pidOf(id: ProcessId): number {
  return Number.parseInt(id, 10);
}

/** Parses a process id; undefined if the text is none. */
export function parseProcessId(text: string): ProcessId | undefined {
  return /^\d+\.\d+$/.test(text) ? (text as ProcessId) : undefined;
}

/** Reads which file a process runs; undefined if we may not see it. */
export function readProgram(pid: number): string | undefined {
  return lookAt(`/proc/${pid}/exe`, undefined, (path) => readlinkSync(path));
}

/** Reads the words that a process was started with, the program's name first; none if we may not see them. */
export function readArguments(pid: number): string[] {
  return lookAt(`/proc/${pid}/cmdline`, '', (path) => readFileSync(path, 'utf8'))
    .split('\0')
    .slice(0, -1);
}

/** Reads the kernel's function in which a process sleeps (proc_pid_wchan(5)); empty or `0` if it runs or is hidden. */
export function readSleep(pid: number): string {
  return lookAt(`/proc/${pid}/wchan`, '', (path) => readFileSync(path, 'latin1'));
}

/**
 * Resolves a path as a process does, from its current folder.
 * @returns undefined if that is hidden, or in another mount namespace
 */
export function resolveFor(pid: number, word: string): string | undefined {
  return lookAt(`/proc/${pid}/cwd`, undefined, (path) => {
    const isOurs = readlinkSync(`/proc/${pid}/ns/mnt`) === readlinkSync('/proc/self/ns/mnt');
    return isOurs ? realpathSync(resolve(readlinkSync(path), word)) : undefined;
  });
}

/** Returns when a process was started, in clock ticks since boot: 100 a second (proc_pid_stat(5), starttime). */
export const startOf = (id: ProcessId): number => Number(id.slice(id.indexOf('.') + 1));
