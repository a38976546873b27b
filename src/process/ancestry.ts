import {
  type ProcessEntry,
  readEnvironment,
  readProcess,
  readProgram,
  selfAtStart,
  variableIn,
} from './process-table.js';

/** A make above us, and what it told its child. */
export interface MakeAbove {
  pid: number;
  /** @returns a variable as the child was started with it */
  variable(name: string): string | undefined;
}

/** One process on the way from us up. */
export interface Ancestor {
  entry: ProcessEntry;
  /** @returns the make that started it, undefined where something else did */
  findMake(): MakeAbove | undefined;
}

/** Walks from this process up to the first, as far as processes can be seen. */
export function* walkUp(): Generator<Ancestor> {
  let findTold = (): string | undefined => undefined;
  for (let entry: ProcessEntry | undefined = selfAtStart(); entry !== undefined; entry = readProcess(entry.parent)) {
    const { pid, parent } = entry;
    const findBelow = findTold;
    // What a process that has overwritten its own was started with can be told by what it has handed down.
    findTold = once(() => readIntact(pid) ?? findBelow());
    const told = findTold;
    yield { entry, findMake: () => findMake(told(), parent) };
  }
}

/** A make leaves its mark on the environment: it counts MAKELEVEL up by one for its children (make manual, "Recursion"). */
function findMake(told: string | undefined, parent: number): MakeAbove | undefined {
  // Most processes were started by no make; then the parent's environment need not be read.
  if (told === undefined || level(told) === 0) return undefined;
  const above = readIntact(parent);
  if (above === undefined || level(told) !== level(above) + 1) return undefined;
  if (level(above) === 0 && !isCredible(above) && !isMakeByName(parent)) return undefined;
  return { pid: parent, variable: (name) => variableIn(told, name) };
}

function level(environment: string): number {
  return Number(variableIn(environment, 'MAKELEVEL') ?? 0);
}

/**
 * @returns the environment that a process was started with; undefined where it is hidden, or where the process has written its
 * title over it (perl's `$0 =`, setproctitle), as far as that can be told
 */
function readIntact(pid: number): string | undefined {
  const text = readEnvironment(pid);
  const entries = text?.split('\0').filter(Boolean);
  // One that was started without any has no room to write to.
  return text === '' || (entries && entries.length > 0 && entries.every((entry) => entry.includes('=', 1)))
    ? text
    : undefined;
}

/** @returns whether it can be no title that looks like a variable: what make finds no commands without */
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
