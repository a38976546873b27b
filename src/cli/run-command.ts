import { fstatSync } from 'node:fs';
import {
  attempt,
  cannot,
  type ErrorKind,
  errorCode,
  isInterrupted,
  isJobserverError,
  JobserverError,
  reasonOf,
} from '../errors.js';
import type { StatusReport } from '../jobs/status-report.js';
import { exitAs, exitStatusOf, type ProgramEnd } from '../process/exit.js';
import { overrideNodeSignals } from '../process/override-node-signals.js';
import { parseMakeFlags } from '../protocol/makeflags.js';
import { COMMON_OPTIONS, type Command, type Context } from './command.js';
import type { Arguments } from './command-line.js';
import { statusOf } from './exit-status.js';
import { parseArguments } from './parse-arguments.js';
import { describeEnd, openStatusReport } from './status-fd.js';
import { writeText } from './write-text.js';

/** A command line, and what it was parsed to if it is right. */
interface CommandLine {
  words: readonly string[];
  args: Arguments | undefined;
}

/** Runs a command as this process, from its command line to its exit. */
export async function runCommand(command: Command): Promise<never> {
  overrideNodeSignals();
  const line: CommandLine = { words: process.argv.slice(2), args: undefined };
  const leave: (end: ProgramEnd) => never = (end) => {
    if (end !== 0 && command.printsCode?.(line.args, line.words)) failInShell(end);
    exitAs(end);
  };
  const die = (error: unknown): never => {
    writeText(2, `${error instanceof Error ? error.stack : error}\n`);
    return leave(command.failure ?? 1);
  };
  // Node itself would exit without exitAs().
  process.once('uncaughtException', die);
  leave(await run(command, line).catch(die));
}

/** Prints code with the same exit status for a shell: eval of no code succeeds, and `set -e` would go on. */
function failInShell(end: ProgramEnd): void {
  if (isTerminal(1)) return;
  try {
    writeText(1, `(exit ${exitStatusOf(end)})\n`);
  } catch {
    // Nobody can read it.
  }
}

// The module is loaded only when it is needed, because it takes a millisecond.
function isTerminal(fd: 0 | 1 | 2): boolean {
  try {
    return fstatSync(fd).isCharacterDevice() && process.getBuiltinModule('node:tty').isatty(fd);
  } catch {
    return false;
  }
}

async function run(command: Command, line: CommandLine): Promise<ProgramEnd> {
  // Names of files may contain line breaks; a message is one line.
  const report = (text: string) => writeText(2, `${command.name}: ${text.replace(/\p{Cc}/gu, escapeControl)}\n`);
  let status: StatusReport | undefined;
  try {
    const args = await parseArguments(line.words, [...command.options, ...COMMON_OPTIONS]);
    line.args = args;
    if (args.has('help') || args.has('version')) {
      // Loaded late (src/build/build.sh), as is yargs, which it uses.
      const help = await import('../cli/help.js');
      writeText(1, args.has('help') ? await help.formatHelp(command) : help.formatVersion(command));
      return 0;
    }
    const [operand] = args.operands;
    if (command.operands === '' && operand !== undefined)
      throw new JobserverError('usage', `unexpected argument '${operand}'`);
    const statusFd = args.value('status-fd');
    if (statusFd !== undefined) status = openStatusReport(statusFd, process.ppid);
    const context: Context = {
      args,
      env: process.env,
      flags: parseMakeFlags(process.env.MAKEFLAGS),
      parent: process.ppid,
      print: (text) => attempt('write', 'standard output', () => writeText(1, text)),
      report,
      warn: args.has('quiet') ? () => {} : report,
      status,
      isTerminal,
    };
    const end = await command.main(context);
    status?.write(describeEnd(end));
    return end;
  } catch (error) {
    if (isInterrupted(error)) {
      const { signal } = error;
      const message = `ended by ${signal} before the command started`;
      status?.write({ event: 'error', kind: 'interrupted', signal, message });
      return { signal };
    }
    const { kind, message } = describeError(error);
    report(kind === 'usage' ? `${message} (see ${command.name} --help)` : message);
    status?.write({ event: 'error', kind, status: statusOf(kind, command), message });
    return statusOf(kind, command);
  }
}

/** Finds the message for an error. @throws the error itself if it is a fault of the program, which needs its stack */
function describeError(error: unknown): { kind: ErrorKind; message: string } {
  if (isJobserverError(error)) return error;
  // The system can refuse anything at any time. That is no fault of the program, and a stack would look like one.
  if (errorCode(error) === undefined) throw error;
  return { kind: 'failed', message: describe(error) };
}

/** Writes the system's words for its error, and what they are about as far as Node knows. */
function describe(error: unknown): string {
  const { syscall, path } = error as NodeJS.ErrnoException;
  if (syscall === 'uv_cwd') return `cannot use the current folder: ${reasonOf(error)}`;
  return path === undefined ? reasonOf(error) : cannot(syscall ?? 'use', path, error).message;
}

const escapeControl = (character: string): string => JSON.stringify(character).slice(1, -1);
