import { quote } from 'shell-quote';

/**
 * @param changes variables to set; undefined removes one
 * @returns lines for eval in sh, bash, dash, ksh and zsh
 */
export function formatSh(changes: Readonly<Record<string, string | undefined>>): string {
  return Object.entries(changes)
    .map(([name, value]) => (value === undefined ? `unset ${name}\n` : `export ${name}=${quote([value])}\n`))
    .join('');
}

/** @returns a line that opens a path for reading and one for writing in the shell itself */
export function formatOpenPair(read: { fd: number; path: string }, write: { fd: number; path: string }): string {
  return `exec ${read.fd}<${quote([read.path])} ${write.fd}>${quote([write.path])}\n`;
}
