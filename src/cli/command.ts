import type { ProgramEnd } from '../process/exit.js';
import type { Arguments } from './parse-arguments.js';
import type { StatusReport } from './status-fd.js';

/** One option of a command; parser, help, man page and completions are held against these tables. */
export interface OptionSpec {
  /** The long name, without dashes. */
  name: string;
  /** The letter of the short form. */
  short?: string;
  /** What its value is called in the help; without it the option takes none. */
  value?: string;
  /** The words that its value can be, where they are few. */
  choices?: readonly string[];
  help: string;
}

/** What a command may use of the process that it runs in. */
export interface Context {
  args: Arguments;
  env: Readonly<Record<string, string | undefined>>;
  /** The pid of the process that started us. */
  parent: number;
  /** Writes data to stdout. */
  print(text: string): void;
  /** Writes one line, `prog: TEXT`, to stderr. */
  report(text: string): void;
  /** The same for what ends nothing; not with --quiet. */
  warn(text: string): void;
  /** What --status-fd asked for. */
  status: StatusReport | undefined;
  isTerminal(fd: 1 | 2): boolean;
}

/** One command: its table of options, and what it does. */
export interface Command {
  name: string;
  summary: string;
  /** What follows the options in the usage line. */
  operands: string;
  options: readonly OptionSpec[];
  /** The exit status for a wrong command line and for a failure, where they are not 2 and 1. */
  failure?: number;
  /**
   * Set if it prints shell code for eval, which is then code that fails if the command does.
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
