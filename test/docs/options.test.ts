import { describe, expect, it } from 'vitest';
import { man } from '../../package.json';
import type { Command } from '../../src/cli/command.js';
import type { OptionSpec } from '../../src/cli/command-line.js';
import { COMMANDS, flagsOf, optionsOf } from './commands.js';
import { complete, SHELLS, type Shell } from './completion.js';
import { askHelp } from './help.js';
import { lintManPage, manFile, OVERVIEW, readManPage } from './man-page.js';

/** A document that names options, to compare with the tables. */
interface Document {
  name: string;
  /** Reads the options of each command as they are spelled there. */
  read(commands: readonly string[]): Promise<string[][]>;
  /** Spells an option as it should be there. */
  spell(option: OptionSpec): string[];
}

const HELP: Document = {
  name: '--help',
  read: (commands) =>
    Promise.all(
      commands.map(async (command) => {
        const { stdout } = await askHelp(command);
        return [...stdout.matchAll(/^ {2}(?: {4}|-\w, )--[\w-]+/gm)].map(([flags]) => flags.trim());
      }),
    ),
  spell: (option) => [flagsOf(option).join(', ')],
};

const MAN_PAGES: Document = {
  name: 'the man pages',
  read: (commands) => Promise.all(commands.map(async (command) => (await readManPage(command)).options)),
  spell: (option) => [
    flagsOf(option)
      .map((flag) => (option.value === undefined ? flag : `${flag} ${option.value}`))
      .join(', '),
  ],
};

const completionIn = (shell: Shell): Document => ({
  name: `completion in ${shell}`,
  async read(commands) {
    const lines = commands.map((command) => `${command} -`);
    return (await complete(shell, lines)).map((candidates) => candidates.map(({ word }) => word));
  },
  spell: flagsOf,
});

/** Returns all options, as `js-run: --fifo`. */
function nameAll(commands: readonly Command[], optionsIn: (command: Command, index: number) => string[]): string[] {
  return commands
    .flatMap((command, index) => optionsIn(command, index).map((text) => `${command.name}: ${text}`))
    .sort();
}

describe.each([HELP, MAN_PAGES, ...SHELLS.map(completionIn)])('$name', ({ read, spell }) => {
  const expected = (commands: readonly Command[]) => nameAll(commands, (each) => optionsOf(each).flatMap(spell));

  it('has every option of the tables, and no other', async () => {
    const found = await read(COMMANDS.map(({ name }) => name));
    const named = nameAll(COMMANDS, (_, index) => found[index] ?? []);
    expect(named).toEqual(expected(COMMANDS));

    // The comparison would fail if a table were different.
    const [first, ...others] = COMMANDS as [Command, ...Command[]];
    const withOptions = (options: OptionSpec[]) => expected([{ ...first, options }, ...others]);
    expect(named).not.toEqual(withOptions([...first.options, { name: 'new', help: 'new' }]));
    expect(named).not.toEqual(withOptions(first.options.slice(1)));
    expect(named).not.toEqual(withOptions(first.options.map((option) => ({ ...option, short: 'x' }))));
  });
});

describe.each(COMMANDS)('$name --help', ({ name, summary }) => {
  it('exits 0, fits 80 columns and says what the command is for', async () => {
    const { stdout, stderr, exitCode } = await askHelp(name);
    expect({ stderr, exitCode }).toEqual({ stderr: '', exitCode: 0 });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(summary);
  });
});

it('package.json lists the man page of every command, and the overview', () => {
  expect([...man].sort()).toEqual([...COMMANDS.map(({ name }) => manFile(name)), OVERVIEW].sort());
});

describe.each(COMMANDS)('the man page of $name', (command) => {
  it('has nothing that mandoc warns of', async () => {
    expect(await lintManPage(manFile(command.name))).toBe('');
  });

  it('has its name, the options in the synopsis, and what their values can be', async () => {
    const page = await readManPage(command.name);
    expect(page).toMatchObject({ title: `${command.name.toUpperCase()} 1`, name: command.name });
    const flags = optionsOf(command).map(flagsOf);
    expect(flags.filter((forms) => !forms.some((flag) => page.synopsis.includes(flag)))).toEqual([]);
    expect(page.synopsis.filter((flag) => !flags.flat().includes(flag))).toEqual([]);
    expect(page.choices).toEqual(command.options.flatMap(({ choices = [] }) => choices));
  });
});
