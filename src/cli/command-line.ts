/** One option of a command; the parser, the help, the man pages and the completions are checked against these tables. */
export interface OptionSpec {
  /** The long name, without dashes. */
  name: string;
  /** The letter of the short form. */
  short?: string;
  /** What its value is called in the help; without it the option takes none. */
  value?: string;
  /** The words that its value can be, if they are few. */
  choices?: readonly string[];
  help: string;
}

/** A command line, parsed. */
export interface Arguments {
  /** Returns whether an option without a value was given. */
  has(name: string): boolean;
  /** Returns an option's value, the last one if it was given several times. */
  value(name: string): string | undefined;
  /** Everything from the first operand on, or after `--`, as it was given. */
  operands: readonly string[];
}
