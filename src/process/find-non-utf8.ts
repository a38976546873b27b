import { readFileSync } from 'node:fs';
import type { Env } from '../environment.js';

/** What Node turns bytes into that are not UTF-8. A text may contain it by itself, too. */
const REPLACEMENT = '\ufffd';

/** Returns whether one of our arguments is not UTF-8, so that Node cannot pass it on unchanged. */
export function isAnyMangled(words: readonly string[]): boolean {
  return words.some((word) => word.includes(REPLACEMENT)) && !isUtf8(readFileSync('/proc/self/cmdline'));
}

/** Lists the names of our variables that are not UTF-8. */
export function listMangled(env: Env): string[] {
  // Only ownKeys() lists the name that Node turns such a name into, under which there is no value.
  const names = Reflect.ownKeys(env) as string[];
  if (!names.some((name) => name.includes(REPLACEMENT) || env[name]?.includes(REPLACEMENT))) return [];
  const entries = readFileSync('/proc/self/environ', 'latin1').split('\0');
  const bad = entries.map((entry) => Buffer.from(entry, 'latin1')).filter((bytes) => !isUtf8(bytes));
  return bad.map((bytes) => bytes.toString().replace(/=[\s\S]*/, ''));
}

const isUtf8 = (bytes: Buffer): boolean => bytes.equals(Buffer.from(bytes.toString('utf8')));
