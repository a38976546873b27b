import { basename } from 'node:path';
import { readCommand } from '../process/own-program.js';
import { isReadable, isWritable, readDescriptor } from '../process/process-descriptors.js';
import { type ProcessEntry, readArguments, readProgram } from '../process/process-table.js';

const SHELL = /^-?(ba|da|a|z|k|pdk|mk|lk|ya|fi|c|tc)?sh(\d+)?$|^busybox$/;

/** Programs that run another one and end with it. */
const WRAPPER =
  /^(chrt|chroot|doas|env|fakeroot|flock|ionice|ltrace|nice|nohup|nsenter|prlimit|runuser|script|setpriv|setsid|stdbuf|strace|su|sudo|systemd-run|taskset|time|timeout|unbuffer|unshare|xargs)$/;

/** The same, as programs of an interpreter. */
const WRAPPER_SCRIPT = /^(npm|npx|pnpm|yarn)(-cli)?(\.js)?$/;

/** The same, of ours. */
const WRAPPER_COMMAND = /^js-(run|create)$/;

/** Returns whether the process just runs another one, and does nothing afterwards. */
export function isWrapper({ pid }: ProcessEntry): boolean {
  const [name = '', script = ''] = readArguments(pid);
  if (WRAPPER.test(basename(readProgram(pid) ?? name)) || WRAPPER_SCRIPT.test(basename(script))) return true;
  return WRAPPER_COMMAND.test(readCommand(pid) ?? '');
}

/** Returns whether the process is a shell that goes on after one command: not `sh -c 'js-acquire'`. */
export function isScriptShell(shell: ProcessEntry): boolean {
  const text = readCommandText(shell);
  return text === '' || (text !== undefined && /[;&|\n]/.test(text));
}

/** Returns whether the process is a shell that runs one of our commands and ends with it: `sh -c 'timeout 9 js-acquire >h'`. */
export function isShellForUs(shell: ProcessEntry): boolean {
  const text = readCommandText(shell) ?? '';
  return /(^|[\s/])js-\w/.test(text) && !/[;&|\n$`(]/.test(text);
}

/** Returns the TEXT of a shell that runs `-c TEXT`, '' of one that runs a script or none; undefined if it is no shell. */
function readCommandText({ pid }: ProcessEntry): string | undefined {
  const words = readArguments(pid);
  if (!SHELL.test(basename(readProgram(pid) ?? words[0] ?? ''))) return undefined;
  const option = words.findIndex((word) => /^-[a-z]*c$/i.test(word));
  return option < 0 ? '' : words[option + 1];
}

/**
 * Returns whether a shell started this process with its standard output closed (`>&-`). Node opens /dev/null in its
 * place, for reading and writing. A shell never opens it like that, and could hand it down only if it had it like that itself.
 */
export function isOutputClosed(parent: number): boolean {
  if (!isNull('self') || isNull(parent)) return false;
  return SHELL.test(basename(readProgram(parent) ?? ''));
}

const isNull = (pid: number | 'self'): boolean =>
  readDescriptor(pid, 1) === '/dev/null' && isReadable(pid, 1) && isWritable(pid, 1);
