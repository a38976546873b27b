import { type Auth, parseAuth } from './auth.js';
import { findAuths, findJobCount, parseMakeFlags } from './makeflags.js';

/** Where a jobserver can be advertised, in the order in which we look (cargo looks at the second first, PROTOCOL 8). */
const VARIABLES = ['MAKEFLAGS', 'CARGO_MAKEFLAGS', 'MFLAGS'] as const;

/** A pool that the environment speaks of. */
export interface Advertised {
  variable: (typeof VARIABLES)[number];
  /** The auth as it stands there. */
  text: string;
  auth: Auth;
  /** The pair that the client above us uses, where it told us that it is closed to us. */
  closed: Auth | undefined;
  /** Whether only the spelling of make before 4.2 is used. */
  old: boolean;
  /** The N of `-jN`, if it is said. */
  jobs: number | undefined;
}

/**
 * @param get gives a variable's value
 * @returns the pool that the environment advertises, or undefined where there is no jobserver
 */
export function findAdvertised(get: (name: string) => string | undefined): Advertised | undefined {
  for (const variable of VARIABLES) {
    const flags = parseMakeFlags(get(variable) ?? '');
    const auths = findAuths(flags);
    const text = auths.at(-1);
    if (text === undefined) continue;
    const auth = parseAuth(text);
    const closed = auth.kind === 'closed' ? auths.map(parseAuth).findLast(({ kind }) => kind === 'pair') : undefined;
    const old = !flags.words.some((word) => word.text.startsWith('--jobserver-auth='));
    return { variable, text, auth, closed, old, jobs: findJobCount(flags) };
  }
  return undefined;
}
