/** How an auth says that the pool is reached. */
export type Auth =
  | { kind: 'fifo'; path: string }
  | { kind: 'pair'; read: number; write: number }
  /** make >= 4.4 gives `-2,-2` to recipes without `+`: there is a pool, and it is closed to this process (PROTOCOL 6). */
  | { kind: 'closed' }
  | { kind: 'invalid' };

/** Parses what follows `--jobserver-auth=`, without make's quoting. */
export function parseAuth(text: string): Auth {
  // make doubles `$` in what it exports, because it expands MAKEFLAGS when it reads it.
  if (text.startsWith('fifo:') && text.length > 5) return { kind: 'fifo', path: text.slice(5).replaceAll('$$', '$') };
  const pair = /^(-?\d{1,9}),(-?\d{1,9})$/.exec(text);
  if (pair === null) return { kind: 'invalid' };
  const [read, write] = [Number(pair[1]), Number(pair[2])];
  return read < 0 || write < 0 ? { kind: 'closed' } : { kind: 'pair', read, write };
}

/** Writes what follows `--jobserver-auth=`. */
export function formatAuth(
  auth: { kind: 'fifo'; path: string } | { kind: 'pair'; read: number; write: number },
): string {
  return auth.kind === 'fifo' ? `fifo:${auth.path}` : `${auth.read},${auth.write}`;
}
