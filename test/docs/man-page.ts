import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { ROOT } from './commands.js';

/** The parts of a manual page that can be compared with a table. */
export interface ManPage {
  /** `.Dt`, the name in `.Nm`. */
  title: string;
  name: string;
  /** The options that have an entry: `-n N, --slots N`. */
  options: string[];
  /** The words that values can be: all entries of `Cm`. */
  choices: string[];
  /** The options in the synopsis, in one of their forms: `-n`, `--fifo`. */
  synopsis: string[];
}

/** Returns where a command's page is, from the package's root. */
export const manFile = (command: string): string => `man/${command}.1`;

/** The page on what all commands have in common. */
export const OVERVIEW = 'man/jobserver-tools.7';

/** Reads a command's page. @throws if there is none */
export async function readManPage(command: string): Promise<ManPage> {
  const file = join(ROOT, manFile(command));
  const text = readFileSync(file, 'utf8');
  const linesOf = (macro: string) =>
    [...text.matchAll(new RegExp(`^\\.${macro} (.*)$`, 'gm'))].map(([, words = '']) => words);
  return {
    title: linesOf('Dt')[0] ?? '',
    name: linesOf('Nm')[0] ?? '',
    options: linesOf('It Fl').map((words) => spellOption(`Fl ${words}`)),
    choices: linesOf('It Cm'),
    synopsis: findFlags(section(await render(file), 'SYNOPSIS')),
  };
}

/** Returns the warnings of mandoc(1) about a page. */
export async function lintManPage(file: string): Promise<string> {
  const { all } = await execa('mandoc', ['-T', 'lint', '-W', 'warning', file], {
    cwd: ROOT,
    all: true,
    reject: false,
  });
  return all;
}

/** Turns `Fl n Ar N , Fl -slots Ar N` into `-n N, --slots N`. */
function spellOption(words: string): string {
  return words.replaceAll(/\bFl /g, '-').replaceAll(/\bAr /g, '').replaceAll(' ,', ',');
}

/** What comes before a bold or underlined character. */
const OVERSTRUCK = new RegExp(`.${'\b'}`, 'g');

async function render(file: string): Promise<string> {
  const { stdout } = await execa('mandoc', ['-T', 'ascii', file]);
  return stdout.replaceAll(OVERSTRUCK, '');
}

/** Returns the lines between a section's heading and the next. */
function section(page: string, heading: string): string {
  return page.split(/^(?=\S)/m).find((part) => part.startsWith(heading)) ?? '';
}

function findFlags(text: string): string[] {
  return [...new Set(text.match(/(?<![\w-])--?[a-zA-Z0-9][\w-]*/g))];
}
