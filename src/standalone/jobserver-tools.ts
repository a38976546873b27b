// The executable that needs no Node: all commands in one file, by the name that it is called by, or by the word that follows.
import { basename } from 'node:path';
import type { Command } from '../cli/command.js';
import { runCommand } from '../cli/run-command.js';
import { KEEPER } from '../process/own-program.js';

const COMMANDS: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  'js-acquire': () => import('../commands/js-acquire.js'),
  'js-create': () => import('../commands/js-create.js'),
  'js-destroy': () => import('../commands/js-destroy.js'),
  'js-each': () => import('../commands/js-each.js'),
  'js-env': () => import('../commands/js-env.js'),
  'js-release': () => import('../commands/js-release.js'),
  'js-run': () => import('../commands/js-run.js'),
  'js-status': () => import('../commands/js-status.js'),
};

/** What only the executable has. */
const OWN: typeof COMMANDS = {
  install: () => import('./install.js'),
  uninstall: () => import('./uninstall.js'),
};

/** Runs what the command line asks for; the command itself sees only what follows its name. */
async function main(): Promise<void> {
  const called = COMMANDS[basename(process.argv0)];
  if (called !== undefined) return runCommand((await called()).command);
  const [, , word = ''] = process.argv;
  const load = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : Object.hasOwn(OWN, word) ? OWN[word] : undefined;
  // A keeper gets its order as JSON; the word alone is a person's.
  const isKeeper = word === KEEPER && process.argv[3]?.startsWith('{');
  if (load === undefined && !isKeeper) return runCommand((await import('./usage.js')).command);
  process.argv.splice(2, 1);
  if (load !== undefined) return runCommand((await load()).command);
  await import('../keeper/keeper.js');
}

void main();
