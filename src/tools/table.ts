import type { Env } from '../environment.js';
/** A version: its first two numbers, and the line that the tool printed. */
export interface Version {
  major: number;
  minor: number;
  line: string;
}

/** The ways in which a tool can hear of a pool: a FIFO's path, a pair R,W, or the pair's old spelling --jobserver-fds. */
export type Style = 'fifo' | 'pair' | 'old-pair';

/** A build tool, and what it understands. One row is all that the commands know of it. */
export interface Tool {
  /** What it is called on PATH. */
  names: readonly string[];
  /** Its version is the first two groups of `pattern` in what it prints for `args`. */
  version?: { args: readonly string[]; pattern: RegExp };
  /** The styles that it understands, the best first; none where it cannot join (PROTOCOL 27). */
  styles(version: Version | undefined): readonly Style[];
  /** What in its own command line makes it leave the pool: an option that gives a number of jobs. */
  leaves?: RegExp;
  /** @returns the index of the word at which its options end, -1 for none; without it that is `--` */
  end?(words: readonly string[]): number;
  /** The variable in which it takes a number of jobs. */
  variable?: string;
  /** Whether that only limits it where it has joined: it takes a slot for each of its jobs all the same. */
  limited?: true;
  /** What holds it to a number of slots where it cannot join. */
  bound?(slots: number, env?: Env): { args?: readonly string[]; env?: Readonly<Record<string, string>> };
  /** Whether each program that it starts as a client of a pool has a slot of its own. */
  starter?: true;
  /** Whether it runs one job at a time where it cannot join, so that one slot is enough. */
  serial?: true;
  /** Whether --shims puts a wrapper before it. */
  wrapped?: true;
}

const since = (version: Version | undefined, major: number, minor: number): boolean =>
  version !== undefined && (version.major > major || (version.major === major && version.minor >= minor));

/** What understands any way of advertising but the oldest. */
const BOTH: readonly Style[] = ['fifo', 'pair'];

/**
 * @param withArgument the letters of the tool's options that take an argument: the `j` in `-Cobj` is none of the options
 * @returns what matches `-j4`, `-j`, `-kj4`, `--jobs=4` and `--parallel`
 */
const jobsOption = (withArgument: string): RegExp =>
  new RegExp(`^(-[^\\W\\d_j${withArgument}]*j\\d*|--(jobs|parallel)(=.*)?)$`);

const NINJA_JOBS = jobsOption('Cfkldtw');

/** The tool that most others call, and the one that a wrong auth is fatal to. */
export const MAKE: Tool = {
  names: ['make', 'gmake'],
  version: { args: ['--version'], pattern: /^GNU Make (\d+)\.(\d+)/ },
  styles(version) {
    // What is no GNU make at all is helped by nothing.
    if (version === undefined || since(version, 4, 4)) return BOTH;
    // `fifo:` is fatal to make 4.3 and older.
    return since(version, 4, 2) ? ['pair'] : ['old-pair'];
  },
  leaves: jobsOption('CEIOWflo'),
  starter: true,
  wrapped: true,
};

/** Debian's tools run `make -jN` themselves, with the N of this variable (Debian Policy 4.9.1). */
const boundByDebian = (slots: number, { DEB_BUILD_OPTIONS = '' }: Env = {}) => ({
  env: { DEB_BUILD_OPTIONS: setParallel(DEB_BUILD_OPTIONS, slots) },
});

/** @returns the words of DEB_BUILD_OPTIONS with that number of jobs, or without one */
export function setParallel(options: string, jobs?: number): string {
  const others = options.split(/\s+/).filter((word) => word !== '' && !/^parallel(=|$)/.test(word));
  return [...others, ...(jobs === undefined ? [] : [`parallel=${jobs}`])].join(' ');
}

/** One row a tool. */
export const TOOLS: readonly Tool[] = [
  MAKE,
  {
    names: ['ninja', 'ninja-build'],
    version: { args: ['--version'], pattern: /^(\d+)\.(\d+)/ },
    // PyPI's build of 1.13 understands a pair as well.
    styles: (version) => (since(version, 1, 13) ? (version?.line.includes('jobserver-pipe') ? BOTH : ['fifo']) : []),
    leaves: NINJA_JOBS,
    bound: (slots) => ({ args: [`-j${slots}`] }),
    starter: true,
    wrapped: true,
  },
  {
    names: ['samu', 'n2'],
    styles: () => [],
    leaves: NINJA_JOBS,
    bound: (slots) => ({ args: [`-j${slots}`] }),
    wrapped: true,
  },
  {
    names: ['cargo'],
    version: { args: ['--version'], pattern: /^cargo (\d+)\.(\d+)/ },
    styles: () => BOTH,
    starter: true,
  },
  { names: ['rustc'], version: { args: ['--version'], pattern: /^rustc (\d+)\.(\d+)/ }, styles: () => BOTH },
  {
    names: ['ctest'],
    version: { args: ['--version'], pattern: /^ctest\d? version (\d+)\.(\d+)/ },
    styles: (version) => (since(version, 3, 29) ? BOTH : []),
    leaves: jobsOption('CDEIRLST'),
    bound: (slots) => ({ args: [`-j${slots}`] }),
    limited: true,
    starter: true,
    serial: true,
  },
  {
    names: ['gcc', 'g++', 'cc', 'c++'],
    version: { args: ['-dumpfullversion'], pattern: /^(\d+)\.(\d+)/ },
    // -flto=jobserver; a FIFO from 13 on.
    styles: (version) => (since(version, 13, 0) ? BOTH : ['pair']),
    serial: true,
  },
  {
    names: ['go'],
    version: { args: ['version'], pattern: /go(\d+)\.(\d+)/ },
    styles: () => [],
    leaves: /^--?p(=\d*)?$/,
    // What stands behind is an argument of the program or of the test.
    end: (words) =>
      words.findIndex((word, at) => /^--?args$/.test(word) || (at > 1 && words[1] === 'run' && GO_FILES.test(word))),
    variable: 'GOMAXPROCS',
    // Its default for -p, and the number of threads of each compile (go help build, cmd/go's gcBackendConcurrency).
    bound: (slots) => ({ env: { GOMAXPROCS: String(slots) } }),
    wrapped: true,
  },
  {
    names: ['dpkg-buildpackage', 'debuild'],
    styles: () => [],
    leaves: /^(-[jJ](\d*|auto)|--jobs(-try|-force)?(=.*)?)$/,
    bound: boundByDebian,
    wrapped: true,
  },
  { names: ['dh'], styles: () => [], bound: boundByDebian, wrapped: true },
];

/** The programs that --shims puts a wrapper before. */
export const WRAPPED: readonly string[] = [
  ...TOOLS.filter(({ wrapped }) => wrapped).flatMap(({ names }) => names),
  // It runs another tool, so it has no row.
  'cmake',
];

/** What `go run` is given to run. */
const GO_FILES = /^\.|^[^-].*(\.go$|\/)/;

/** @returns the row of the program that a command line starts, by its name without folders */
export function findTool(command: string): Tool | undefined {
  const name = command.slice(command.lastIndexOf('/') + 1);
  return TOOLS.find(({ names }) => names.includes(name));
}

/**
 * @param understood what a tool understands
 * @param offered how a pool is advertised
 * @returns the styles by which the tool joins it
 */
export const usableStyles = (understood: readonly Style[], offered: readonly Style[]): Style[] =>
  // Every make that knows the newer spelling of a pair knows the old one too.
  offered.filter((style) => understood.includes(style) || (style === 'old-pair' && understood.includes('pair')));

/**
 * Variables that make a tool use a number of its own instead of the pool (PROTOCOL 28). The jobs in the last ones are only a
 * part of the value.
 */
export const OVERRIDING = [
  'CMAKE_BUILD_PARALLEL_LEVEL',
  'CTEST_PARALLEL_LEVEL',
  'MAX_JOBS',
  'NPY_NUM_BUILD_JOBS',
  'NINJAFLAGS',
  'NINJAOPTS',
  'SAMUFLAGS',
  'MAKEOPTS',
  'GNUMAKEFLAGS',
  'DEB_BUILD_OPTIONS',
] as const;
