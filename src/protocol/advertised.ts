import { type Auth, parseAuth } from './auth.js';
import { findAuths, findJobCount, findTailAuth, parseMakeFlags } from './makeflags.js';

/** Where a jobserver can be advertised, in the order in which we look (cargo looks at the second first, PROTOCOL 8). */
const VARIABLES = ['MAKEFLAGS', 'CARGO_MAKEFLAGS', 'MFLAGS'] as const;

/** A pool that the environment advertises. */
export interface Advertised {
  variable: (typeof VARIABLES)[number];
  /** The auth as it is written there. */
  text: string;
  auth: Auth;
  /**
   * The path behind the `--`, for programs that take the last auth. Below a make that left the pool it still names that
   * pool, which `auth` does not.
   */
  path: string | undefined;
  /** The pair that the client above us uses, if it says that it is closed to us. */
  closed: Auth | undefined;
  /** Whether only the spelling of make before 4.2 is used. */
  old: boolean;
  /** The N of `-jN`, if there is one. */
  jobs: number | undefined;
}

/**
 * Finds the pool that an environment advertises.
 * @param get returns a variable's value
 * @param makeFlags the value of MAKEFLAGS, if it is parsed already
 * @returns undefined if no jobserver is advertised
 */
export function findAdvertised(
  get: (name: string) => string | undefined,
  makeFlags = parseMakeFlags(get('MAKEFLAGS')),
): Advertised | undefined {
  for (const variable of VARIABLES) {
    const flags = variable === 'MAKEFLAGS' ? makeFlags : parseMakeFlags(get(variable));
    const auths = findAuths(flags);
    const tailAuth = findTailAuth(flags);
    // A make that found its pair closed has removed its own auth and left the other one.
    const text = auths.at(-1) ?? tailAuth;
    if (text === undefined) continue;
    const auth = parseAuth(text);
    const closed = auth.kind === 'closed' ? auths.map(parseAuth).findLast(({ kind }) => kind === 'pair') : undefined;
    const old = auths.length > 0 && !flags.words.some(({ text }) => text.startsWith('--jobserver-auth='));
    const tail = tailAuth === undefined ? undefined : parseAuth(tailAuth);
    const path = tail?.kind === 'fifo' ? tail.path : undefined;
    // Otherwise a make has left the pool, and it is a number of its own.
    const jobs = auths.length > 0 ? findJobCount(flags) : undefined;
    return { variable, text, auth, path, closed, old, jobs };
  }
  return undefined;
}
