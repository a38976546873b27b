import type { Env } from '../environment.js';
/** A version: its first two numbers, and the line that the tool printed. */
export interface Version {
  major: number;
  minor: number;
  line: string;
}

/** The ways to advertise a pool: a FIFO's path, a pair R,W, or the pair in the old spelling --jobserver-fds. */
export type Style = 'fifo' | 'pair' | 'old-pair';

/** What limits a tool to a number of jobs: arguments before its own, and variables. */
export interface Limit {
  args?: readonly string[];
  env?: Readonly<Record<string, string>>;
}

/** A build tool, and what it understands. One row is all that the commands know of it. */
export interface Tool {
  /** What it is called on PATH. */
  names: readonly string[];
  /** Its version is the first two groups of `pattern` in what it prints for `args`. */
  version?: { args: readonly string[]; pattern: RegExp };
  /** Returns the styles that it understands, the best first; none if it cannot join (PROTOCOL 27). */
  styles(version: Version | undefined): readonly Style[];
  /** The option of its command line that gives it a number of jobs, for which it leaves the pool. */
  jobsOption?: RegExp;
  /** Returns the index of the word at which its options end, -1 for none; without this that is `--`. */
  findOptionsEnd?(words: readonly string[]): number;
  /** The variable in which it takes a number of jobs. */
  jobsVariable?: string;
  /** Whether it joins even if it is given a number of jobs: it takes a slot for each of them. */
  joinsWithJobs?: true;
  /** Returns what limits it to a number of slots if it cannot join. */
  limitTo?(slots: number, env?: Env): Limit;
  /** Whether each program that it starts as a client of a pool has a slot of its own. */
  slotPerChild?: true;
  /** Whether it runs one job at a time if it cannot join, so that one slot is enough. */
  serial?: true;
  /** Whether --shims puts a wrapper before it. */
  wrapped?: true;
}

const since = (version: Version | undefined, major: number, minor: number): boolean =>
  version !== undefined && (version.major > major || (version.major === major && version.minor >= minor));

/** What a tool understands that takes any style but the oldest. */
const BOTH: readonly Style[] = ['fifo', 'pair'];

/**
 * Makes the pattern of `-j4`, `-j`, `-kj4`, `--jobs=4` and `--parallel`.
 * @param withArgument the letters of the tool's options that take an argument: the `j` in `-Cobj` is part of one
 */
const matchJobsOption = (withArgument: string): RegExp =>
  new RegExp(`^(-[^\\W\\d_j${withArgument}]*j\\d*|--(jobs|parallel)(=.*)?)$`);

const NINJA_JOBS = matchJobsOption('Cfkldtw');

/** The tool that most others call, and the one that a wrong auth is fatal to. */
export const MAKE: Tool = {
  names: ['make', 'gmake'],
  version: { args: ['--version'], pattern: /^GNU Make (\d+)\.(\d+)/ },
  styles(version) {
    // Nothing helps a make that is not GNU make.
    if (version === undefined || since(version, 4, 4)) return BOTH;
    // `fifo:` is fatal to make 4.3 and older.
    return since(version, 4, 2) ? ['pair'] : ['old-pair'];
  },
  jobsOption: matchJobsOption('CEIOWflo'),
  slotPerChild: true,
  wrapped: true,
};

/** Debian's tools run `make -jN` themselves, with the N of this variable (Debian Policy 4.9.1). */
const limitByDebian = (slots: number, { DEB_BUILD_OPTIONS = '' }: Env = {}) => ({
  env: { DEB_BUILD_OPTIONS: setParallel(DEB_BUILD_OPTIONS, slots) },
});

/** Returns the words of DEB_BUILD_OPTIONS with that number of jobs, or without one. */
export function setParallel(options: string, jobs?: number): string {
  const others = options.split(/\s+/).filter((word) => word !== '' && !/^parallel(=|$)/.test(word));
  return [...others, ...(jobs === undefined ? [] : [`parallel=${jobs}`])].join(' ');
}

/** All tools that we know, one row each. */
export const TOOLS: readonly Tool[] = [
  MAKE,
  {
    names: ['ninja', 'ninja-build'],
    version: { args: ['--version'], pattern: /^(\d+)\.(\d+)/ },
    // PyPI's build of 1.13 understands a pair as well.
    styles: (version) => (since(version, 1, 13) ? (version?.line.includes('jobserver-pipe') ? BOTH : ['fifo']) : []),
    jobsOption: NINJA_JOBS,
    limitTo: (slots) => ({ args: [`-j${slots}`] }),
    slotPerChild: true,
    wrapped: true,
  },
  {
    names: ['samu', 'n2'],
    styles: () => [],
    jobsOption: NINJA_JOBS,
    limitTo: (slots) => ({ args: [`-j${slots}`] }),
    wrapped: true,
  },
  {
    names: ['cargo'],
    version: { args: ['--version'], pattern: /^cargo (\d+)\.(\d+)/ },
    styles: () => BOTH,
    slotPerChild: true,
  },
  { names: ['rustc'], version: { args: ['--version'], pattern: /^rustc (\d+)\.(\d+)/ }, styles: () => BOTH },
  {
    names: ['ctest'],
    version: { args: ['--version'], pattern: /^ctest\d? version (\d+)\.(\d+)/ },
    styles: (version) => (since(version, 3, 29) ? BOTH : []),
    jobsOption: matchJobsOption('CDEIRLST'),
    limitTo: (slots) => ({ args: [`-j${slots}`] }),
    joinsWithJobs: true,
    slotPerChild: true,
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
    jobsOption: /^--?p(=\d*)?$/,
    // What follows is an argument of the program or of the test.
    findOptionsEnd: (words) =>
      words.findIndex((word, at) => /^--?args$/.test(word) || (at > 1 && words[1] === 'run' && GO_FILES.test(word))),
    jobsVariable: 'GOMAXPROCS',
    // Its default for -p, and the number of threads of each compile (go help build, cmd/go's gcBackendConcurrency).
    limitTo: (slots) => ({ env: { GOMAXPROCS: String(slots) } }),
    wrapped: true,
  },
  {
    names: ['dpkg-buildpackage', 'debuild'],
    styles: () => [],
    jobsOption: /^(-[jJ](\d*|auto)|--jobs(-try|-force)?(=.*)?)$/,
    limitTo: limitByDebian,
    wrapped: true,
  },
  { names: ['dh'], styles: () => [], limitTo: limitByDebian, wrapped: true },
];

/** The programs that --shims puts a wrapper before. */
export const WRAPPED: readonly string[] = [
  ...TOOLS.filter(({ wrapped }) => wrapped).flatMap(({ names }) => names),
  // It runs another tool, so it has no row.
  'cmake',
];

/** Matches what `go run` is given to run. */
const GO_FILES = /^\.|^[^-].*(\.go$|\/)/;

/** Returns the row of a program, by its name without folders; undefined if it has none. */
export function findTool(command: string): Tool | undefined {
  const name = command.slice(command.lastIndexOf('/') + 1);
  return TOOLS.find(({ names }) => names.includes(name));
}

/**
 * Returns the styles by which a tool joins a pool.
 * @param understood what the tool understands
 * @param offered how the pool is advertised
 */
export const usableStyles = (understood: readonly Style[], offered: readonly Style[]): Style[] =>
  // Every make that knows the newer spelling of a pair knows the old one too.
  offered.filter((style) => understood.includes(style) || (style === 'old-pair' && understood.includes('pair')));

/**
 * Variables that say how many threads or workers a program uses. Without them it takes the number of processors: OpenMP 5.2, 4.2.2;
 * rayon's ThreadPoolBuilder; pytest-xdist, `-n auto`.
 */
export const THREAD_VARIABLES = ['OMP_NUM_THREADS', 'RAYON_NUM_THREADS', 'PYTEST_XDIST_AUTO_NUM_WORKERS'] as const;

/**
 * Variables that make a tool use a number of its own instead of the pool (PROTOCOL 28). In the last ones the number of jobs is
 * only a part of the value.
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
