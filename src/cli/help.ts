import type { Argv } from 'yargs';
import { version } from '../../package.json';
import { COMMON_OPTIONS, type Command } from './command.js';

/** What the types of yargs lack. */
type HelpArgv = Argv & { usageConfiguration(configuration: Record<string, boolean>): Argv };

/** Writes the text of --help. */
export async function formatHelp(command: Command): Promise<string> {
  const { default: yargs } = await import('yargs');
  const parser = (yargs([]) as HelpArgv)
    .usageConfiguration({ 'hide-types': true })
    .scriptName(command.name)
    .usage(`Usage: $0 [OPTION]... ${command.operands}\n\n${command.summary}`)
    .help(false)
    .version(false)
    .wrap(Math.min(100, Number(process.stdout.columns) || 80));
  for (const { name, short, value, choices, help } of [...command.options, ...COMMON_OPTIONS]) {
    const what = choices?.join('|') ?? value;
    parser.option(name, {
      type: value === undefined ? 'boolean' : 'string',
      description: what === undefined ? help : `${what}: ${help}`,
      ...(short && { alias: short }),
    });
  }
  const text = await parser.getHelp();
  return `${text}\n`;
}

/** Writes the text of --version. */
export function formatVersion(command: Command): string {
  return `${command.name} (jobserver-tools) ${version}\n`;
}
