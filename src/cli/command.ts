import type { Env } from '../environment.js';
import type { Warn } from '../errors.js';
import type { StatusReport } from '../jobs/status-report.js';
import type { ProgramEnd } from '../process/exit.js';
import type { MakeFlags } from '../protocol/makeflags.js';
import type { Arguments, OptionSpec } from './command-line.js';

/** What a command gets of the process that it runs in. */
export interface Context {
  args: Arguments;
  env: Env;
  /** MAKEFLAGS, parsed. */
  flags: MakeFlags;
  /** The pid of the process that started us. */
  parent: number;
  /** Writes the command's result to stdout. */
  print(text: string): void;
  /** Writes one line, `prog: TEXT`, to stderr. */
  report(text: string): void;
  /** Does the same for what ends nothing, unless --quiet was given. */
  warn: Warn;
  /** Where to report to, if --status-fd was given. */
  status: StatusReport | undefined;
  isTerminal(fd: 0 | 1 | 2): boolean;
}

/** One command: its table of options, and what it does. */
export interface Command {
  name: string;
  summary: string;
  /** What follows the options in the usage line; if that is nothing, the command takes no operands. */
  operands: string;
  options: readonly OptionSpec[];
  /** The exit status for a wrong command line and for a failure, if they are not 2 and 1. */
  failure?: number;
  /**
   * Returns whether it prints shell code for eval. If it fails, it prints code that fails.
   * @param args undefined if the command line is wrong
   * @param words the command line
   */
  printsCode?(args: Arguments | undefined, words: readonly string[]): boolean;
  main(context: Context): ProgramEnd | Promise<ProgramEnd>;
}

/** Every command has these. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: 'help', short: 'h', help: 'print this help' },
  { name: 'version', help: 'print the version' },
];
