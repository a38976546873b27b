import { quote } from 'shell-quote';
import type { EnvChanges } from '../environment.js';

/**
 * @param changes variables to set; undefined removes one
 * @returns lines for eval in sh, bash, dash, ksh and zsh
 */
export function formatSh(changes: EnvChanges): string {
  return Object.entries(changes)
    .map(([name, value]) => (value === undefined ? `unset ${name}\n` : `export ${name}=${quote([value])}\n`))
    .join('');
}

/**
 * @returns a line that opens a path for reading and one for writing in the shell itself. A FIFO that nobody has open, for its
 * keeper was just killed, would block each of the two for ever: it is opened for both first, which never blocks (fifo(7)). Not
 * with one exec: of two inputs zsh would make one.
 */
export function formatOpenPair(read: { fd: number; path: string }, write: { fd: number; path: string }): string {
  const path = quote([read.path]);
  return `exec ${read.fd}<>${path} ${write.fd}>${quote([write.path])}; exec ${read.fd}<${path}\n`;
}
