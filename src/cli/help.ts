import { version } from '../../package.json';
import { COMMON_OPTIONS, type Command } from './command.js';

/** @returns the text of --help */
export async function formatHelp(command: Command): Promise<string> {
  const { default: yargs } = await import('yargs');
  const parser = yargs([])
    .scriptName(command.name)
    .usage(`Usage: $0 [OPTION]... ${command.operands}\n\n${command.summary}`)
    .help(false)
    .version(false)
    .wrap(Math.min(100, Number(process.stdout.columns) || 80));
  for (const { name, short, value, choices, help } of [...command.options, ...COMMON_OPTIONS]) {
    const kind =
      value === undefined ? ({ type: 'boolean' } as const) : ({ type: 'string', requiresArg: true } as const);
    parser.option(value === undefined ? name : name, {
      ...kind,
      description: choices ? `${help} (${choices.join(', ')})` : help,
      ...(short && { alias: short }),
    });
  }
  const text = await parser.getHelp();
  return `${text}\n`;
}

/** @returns the text of --version */
export function formatVersion(command: Command): string {
  return `${command.name} (jobserver-tools) ${version}\n`;
}
