import { readdirSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { COMMON_OPTIONS, type Command } from '../../src/cli/command.js';
import type { OptionSpec } from '../../src/cli/command-line.js';

export const ROOT = resolve(import.meta.dirname, '../..');

const FOLDER = join(ROOT, 'src/commands');

/** The table of every command that there is. */
export const COMMANDS: readonly Command[] = await Promise.all(
  readdirSync(FOLDER).map(async (file) => {
    const { command } = (await import(`../../src/commands/${basename(file, '.ts')}.ts`)) as { command: Command };
    return command;
  }),
);

/** Returns all options of a command, those included that every command has. */
export const optionsOf = ({ options }: Command): OptionSpec[] => [...options, ...COMMON_OPTIONS];

/** Returns `-n` and `--slots`. */
export const flagsOf = ({ name, short }: OptionSpec): string[] => (short ? [`-${short}`, `--${name}`] : [`--${name}`]);
