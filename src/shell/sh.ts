import { quote } from 'shell-quote';
import type { EnvChanges } from '../environment.js';

/** Writes lines for eval in sh, bash, dash, ksh and zsh that change variables. */
export function formatSh(changes: EnvChanges): string {
  return Object.entries(changes)
    .map(([name, value]) => (value === undefined ? `unset ${name}\n` : `export ${name}=${quote([value])}\n`))
    .join('');
}

/**
 * Writes a line that opens a path for reading and one for writing in the shell itself. A FIFO that nobody has open, because its
 * keeper was just killed, would block each of the two forever, so it is first opened for both, which never blocks (fifo(7)). That
 * takes two execs: zsh would merge two inputs of one.
 */
export function formatOpenPair(read: { fd: number; path: string }, write: { fd: number; path: string }): string {
  const path = quote([read.path]);
  return `exec ${read.fd}<>${path} ${write.fd}>${quote([write.path])}; exec ${read.fd}<${path}\n`;
}
