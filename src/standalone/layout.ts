import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { Context } from '../cli/command.js';
import type { OptionSpec } from '../cli/command-line.js';
import { WRAPPED } from '../tools/table.js';

/** What is put at a path below the prefix. */
export type Installed = { path: string; mode?: number } & ({ text: string } | { link: string } | { program: string });

/** The name of the executable, to which the commands are links. */
const EXECUTABLE = 'jobserver-tools';

export const PREFIX_OPTION: OptionSpec = {
  name: 'prefix',
  value: 'DIR',
  help: 'the folder that bin, lib and share are in (default /usr/local)',
};

/** Returns the folder that --prefix names. */
export const prefixOf = ({ args }: Context): string => resolve(args.value('prefix') ?? '/usr/local');

/** Lists all that an installation consists of, in the order in which it is put there: the commands come last. */
export function listInstalled(): Installed[] {
  const pages = readdirSync(embedded('man')).sort();
  const commands = pages.filter((page) => page.startsWith('js-')).map((page) => basename(page, '.1'));
  const bash = 'share/bash-completion/completions';
  const fish = 'share/fish/vendor_completions.d';
  return [
    ...pages.map((page) => ({ path: `share/man/man${page.at(-1)}/${page}`, text: read(`man/${page}`) })),
    { path: `${bash}/${EXECUTABLE}`, text: read('completions/jobserver-tools.bash') },
    ...commands.map((name) => ({ path: `${bash}/${name}`, link: EXECUTABLE })),
    { path: `${fish}/${EXECUTABLE}.fish`, text: read('completions/jobserver-tools.fish') },
    ...commands.map((name) => ({ path: `${fish}/${name}.fish`, link: `${EXECUTABLE}.fish` })),
    { path: 'share/zsh/site-functions/_jobserver-tools', text: read('completions/_jobserver-tools') },
    ...WRAPPED.map((name) => ({ path: `lib/jobserver-tools/shims/${name}/${name}`, text: readShim(), mode: 0o755 })),
    { path: `bin/${EXECUTABLE}`, program: process.execPath, mode: 0o755 },
    ...commands.map((name) => ({ path: `bin/${name}`, link: EXECUTABLE })),
  ];
}

/** Returns the wrapper, which starts the js-run of the package, for the place where it is here. */
const readShim = (): string => read('shim.sh').replace('/../../bin/js-run.js"', '/../../../bin/js-run"');

const read = (name: string): string => readFileSync(embedded(name), 'utf8');

/** Returns the path of a file in the executable (src/build/standalone.sh). */
const embedded = (name: string): string => join(dirname(process.argv[1] ?? ''), name);

function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch {
    // Nothing is there, or what is above is no folder.
    return undefined;
  }
}

/** Returns whether anything is at a path, a link that leads nowhere included. */
export const isThere = (path: string): boolean => lookAt(path) !== undefined;

/** Returns whether a regular file is at a path, not a link. */
export const isFile = (path: string): boolean => lookAt(path)?.isFile() === true;

/** Returns whether what is at its path is ours: a link must lead to the same, a text be the same. */
export function isInPlace(entry: Installed, path: string): boolean {
  try {
    if ('link' in entry) return readlinkSync(path) === entry.link;
    return isFile(path) && ('program' in entry || readFileSync(path, 'utf8') === entry.text);
  } catch {
    return false;
  }
}
