import { readFileSync } from 'node:fs';
import type { Env } from '../environment.js';

/** What Node makes of bytes that are no UTF-8. A text may hold it of its own as well. */
const REPLACEMENT = '\ufffd';

/** @returns whether an argument came with bytes that are no UTF-8, so that it cannot be handed down as it was */
export function isAnyMangled(words: readonly string[]): boolean {
  return words.some((word) => word.includes(REPLACEMENT)) && !isUtf8(readFileSync('/proc/self/cmdline'));
}

/** @returns the names of the variables that came with bytes that are no UTF-8 */
export function listMangled(env: Env): string[] {
  // Others than ownKeys() leave out a name under which there is nothing, as under the one that Node makes of such a name.
  const names = Reflect.ownKeys(env) as string[];
  if (!names.some((name) => name.includes(REPLACEMENT) || env[name]?.includes(REPLACEMENT))) return [];
  const entries = readFileSync('/proc/self/environ', 'latin1').split('\0');
  const bad = entries.map((entry) => Buffer.from(entry, 'latin1')).filter((bytes) => !isUtf8(bytes));
  return bad.map((bytes) => bytes.toString().replace(/=[\s\S]*/, ''));
}

const isUtf8 = (bytes: Buffer): boolean => bytes.equals(Buffer.from(bytes.toString('utf8')));
