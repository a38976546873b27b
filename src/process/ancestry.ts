import { type ProcessEntry, readEnvironment, readProcess, selfAtStart, variableIn } from './process-table.js';

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
  for (let entry: ProcessEntry | undefined = selfAtStart(); entry !== undefined; entry = readProcess(entry.parent)) {
    const { pid, parent } = entry;
    yield { entry, findMake: () => findMake(pid, parent) };
  }
}

/** A make leaves its mark on the environment: it counts MAKELEVEL up by one for its children (make manual, "Recursion"). */
function findMake(child: number, parent: number): MakeAbove | undefined {
  const told = readEnvironment(child);
  // Most processes were started by no make; then the parent's environment need not be read.
  if (told === undefined || level(told) === 0) return undefined;
  const above = readEnvironment(parent);
  if (above === undefined || level(told) !== level(above) + 1) return undefined;
  return { pid: parent, variable: (name) => variableIn(told, name) };
}

function level(environment: string): number {
  return Number(variableIn(environment, 'MAKELEVEL') ?? 0);
}
