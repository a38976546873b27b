/** A version as two numbers: 4.3 is [4, 3]. */
export type Version = readonly [number, number];

/** How a tool hears of a pool. */
export type Joins = 'fifo' | 'pair' | 'never';

/** A build tool, and what it understands. */
export interface Tool {
  /** What it is called on PATH. */
  names: readonly string[];
  /** Its version is the first two groups of `pattern` in what it prints for `args`. */
  version?: { args: readonly string[]; pattern: RegExp };
  /** The best auth that it understands (PROTOCOL, "Who joins what"). */
  joins(version: Version | undefined): Joins;
  /** What holds it to a number of slots where it cannot join. */
  bound?(slots: number): { args?: readonly string[]; env?: Readonly<Record<string, string>> };
}

const since = (version: Version | undefined, major: number, minor: number): boolean =>
  version !== undefined && (version[0] > major || (version[0] === major && version[1] >= minor));

/** The tool that most others call, and the one that a wrong auth is fatal to. */
export const MAKE: Tool = {
  names: ['make', 'gmake'],
  version: { args: ['--version'], pattern: /^GNU Make (\d+)\.(\d+)/ },
  // `fifo:` is fatal to make 4.3 and older. What is no GNU make at all is not helped by a pair either.
  joins: (version) => (version === undefined || since(version, 4, 4) ? 'fifo' : 'pair'),
};

/** One row a tool. */
const TOOLS: readonly Tool[] = [
  MAKE,
  {
    names: ['ninja', 'ninja-build'],
    version: { args: ['--version'], pattern: /^(\d+)\.(\d+)/ },
    joins: (version) => (since(version, 1, 13) ? 'fifo' : 'never'),
    bound: (slots) => ({ args: [`-j${slots}`] }),
  },
  {
    names: ['go'],
    joins: () => 'never',
    // Its default for -p, and the number of threads of each compile (go help build, cmd/go's gcBackendConcurrency).
    bound: (slots) => ({ env: { GOMAXPROCS: String(slots) } }),
  },
];

/** @returns the row of the program that a command line starts, by its name without folders */
export function findTool(command: string): Tool | undefined {
  const name = command.slice(command.lastIndexOf('/') + 1);
  return TOOLS.find(({ names }) => names.includes(name));
}
