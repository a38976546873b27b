import { readEnvironment, variableIn } from './process-environment.js';
import { type ProcessEntry, readProcess, readProgram, selfAtStart } from './process-table.js';

/** A make above us. */
export interface MakeAbove {
  pid: number;
  /** Returns a variable of the environment that it gave to its child. */
  variable(name: string): string | undefined;
}

/** One of the processes from this one up to the first. */
export interface Ancestor {
  entry: ProcessEntry;
  /** Returns a variable of the environment that it was started with, or that it has passed on. */
  variable(name: string): string | undefined;
  /** Finds the make that started it; undefined if something else did. */
  findMake(): MakeAbove | undefined;
}

/** Walks from this process up to the first, as far as /proc shows the processes. */
export function* walkUp(): Generator<Ancestor> {
  let findEnvironment = (): string | undefined => undefined;
  for (let entry: ProcessEntry | undefined = selfAtStart(); entry !== undefined; entry = readProcess(entry.parent)) {
    const { pid, parent } = entry;
    const findBelow = findEnvironment;
    // If a process has overwritten its environment, what it has passed on stands in for it.
    findEnvironment = once(() => readIntact(pid) ?? findBelow());
    const findOwn = findEnvironment;
    yield {
      entry,
      variable: (name) => variableIn(findOwn() ?? '', name),
      findMake: () => findMake(findOwn(), parent),
    };
  }
}

/**
 * Finds out whether a parent is a make, by the environment that it gave to its child: a make counts MAKELEVEL up by one for its
 * children (make manual, "Recursion").
 */
function findMake(environment: string | undefined, parent: number): MakeAbove | undefined {
  // No make started most processes; then the parent's environment need not be read.
  if (environment === undefined || level(environment) === 0) return undefined;
  const above = readIntact(parent);
  if (above === undefined || level(environment) !== level(above) + 1) return undefined;
  if (level(above) === 0 && !isCredible(above) && !isMakeByName(parent)) return undefined;
  return { pid: parent, variable: (name) => variableIn(environment, name) };
}

function level(environment: string): number {
  return Number(variableIn(environment, 'MAKELEVEL') ?? 0);
}

/**
 * Reads the environment that a process was started with; undefined if it is hidden, or if the process has visibly written its
 * title over it (perl's `$0 =`, setproctitle).
 */
function readIntact(pid: number): string | undefined {
  const text = readEnvironment(pid);
  const entries = text?.split('\0').filter(Boolean);
  // A process that was started without one has no room for a title.
  return text === '' || (entries && entries.length > 0 && entries.every((entry) => entry.includes('=', 1)))
    ? text
    : undefined;
}

/** Returns whether it is not just a title that looks like a variable: PATH is in it, without which make finds no commands. */
const isCredible = (environment: string): boolean =>
  environment === '' || variableIn(environment, 'PATH') !== undefined;

const isMakeByName = (pid: number): boolean => /(^|\/)(g|re)?make[^/]*$/.test(readProgram(pid) ?? '');

function once<T>(find: () => T): () => T {
  let found: { value: T } | undefined;
  return () => {
    found ??= { value: find() };
    return found.value;
  };
}
