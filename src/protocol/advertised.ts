import { type Auth, parseAuth } from './auth.js';
import { findAuths, findJobCount, findTailAuth, parseMakeFlags } from './makeflags.js';

/** Where a jobserver can be advertised, in the order in which we look (cargo looks at the second first, PROTOCOL 8). */
const VARIABLES = ['MAKEFLAGS', 'CARGO_MAKEFLAGS', 'MFLAGS'] as const;

/** A pool that the environment speaks of. */
export interface Advertised {
  variable: (typeof VARIABLES)[number];
  /** The auth as it stands there. */
  text: string;
  auth: Auth;
  /**
   * The path behind the `--`, for programs that take the last auth. Below a make that left the pool it still names that
   * pool, which `auth` does not.
   */
  path: string | undefined;
  /** The pair that the client above us uses, if it told us that it is closed to us. */
  closed: Auth | undefined;
  /** Whether only the spelling of make before 4.2 is used. */
  old: boolean;
  /** The N of `-jN`, if it is said. */
  jobs: number | undefined;
}

/**
 * @param get gives a variable's value
 * @returns the pool that the environment advertises, or undefined if there is no jobserver
 */
export function findAdvertised(get: (name: string) => string | undefined): Advertised | undefined {
  for (const variable of VARIABLES) {
    const flags = parseMakeFlags(get(variable) ?? '');
    const auths = findAuths(flags);
    const tailAuth = findTailAuth(flags);
    // A make that found its pair closed has taken out its own auth, and left the other one.
    const text = auths.at(-1) ?? tailAuth;
    if (text === undefined) continue;
    const auth = parseAuth(text);
    const closed = auth.kind === 'closed' ? auths.map(parseAuth).findLast(({ kind }) => kind === 'pair') : undefined;
    const old = auths.length > 0 && !flags.words.some(({ text }) => text.startsWith('--jobserver-auth='));
    const tail = tailAuth === undefined ? undefined : parseAuth(tailAuth);
    const path = tail?.kind === 'fifo' ? tail.path : undefined;
    // Of a make that left the pool it is the number of its own.
    const jobs = auths.length > 0 ? findJobCount(flags) : undefined;
    return { variable, text, auth, path, closed, old, jobs };
  }
  return undefined;
}
