import { readFileSync } from 'node:fs';
import { lookAt } from './look-at-proc.js';
import { listProcesses } from './process-table.js';

let ownEnvironment: string | undefined;

/** Reads the environment that a process was started with, as the kernel has it; undefined if we may not read it. */
export function readEnvironment(pid: number): string | undefined {
  if (pid !== process.pid) return lookAtEnvironment(pid);
  ownEnvironment ??= lookAtEnvironment(pid);
  return ownEnvironment;
}

function lookAtEnvironment(pid: number): string | undefined {
  return lookAt(`/proc/${pid}/environ`, undefined, (path) => readFileSync(path, 'utf8'));
}

/** Finds a variable's value in what readEnvironment() returned. */
export function variableIn(environment: string, name: string): string | undefined {
  const start = environment.startsWith(`${name}=`) ? 0 : environment.indexOf(`\0${name}=`) + 1;
  if (start === 0 && !environment.startsWith(`${name}=`)) return undefined;
  const end = environment.indexOf('\0', start);
  return environment.slice(start + name.length + 1, end < 0 ? undefined : end);
}

/** Returns whether any process was started with the variable set to that value. */
export function isAnyMarked(name: string, value: string): boolean {
  return listProcesses().some((pid) => variableIn(readEnvironment(pid) ?? '', name) === value);
}
