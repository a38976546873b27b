import { formatClaimName, isHandedOver, isOfOurNamespace, isReturning } from '../pool/claim-name.js';
import type { Pool } from '../pool/pool.js';
import { pidOf } from '../process/process-table.js';
import { lockedBy, slotLock } from '../slots/locks.js';
import { type ClaimRecord, listClaims, readClaim } from '../slots/read-claim.js';
import { listLocks, lockOfNote } from '../slots/wake-waiters.js';

/** A command that has slots or waits for some, as a person knows it. */
export interface ClaimStatus {
  /** The process that the slots belong to; in another pid namespace, its pid there. */
  pid: number;
  /** The process that runs in them, if that is another one. */
  job: number | null;
  command: string;
  /** When it came to what it is doing now, holding or waiting, as ISO 8601. */
  since: string;
  /** How many tokens it holds. */
  tokens: number;
  /** Whose implicit slot it holds: that of a recipe or an edge, of the session, or of the command that started it. */
  implicit: 'recipe' | 'session' | 'below' | null;
  /** How many bytes of memory are reserved for it, or how many it waits for; null if it asked for none. */
  memory: number | null;
  /** The pid namespace of the pids, if that is another one than ours. */
  namespace: string | null;
}

/** The claims of a pool, each list with the oldest first. */
export interface Claims {
  holding: ClaimStatus[];
  waiting: ClaimStatus[];
}

/** Reads who has slots of a pool and who waits for some. What dies or is returned meanwhile is left out. */
export function readClaims(pool: Pick<Pool, 'folder'>): Claims {
  const claims: Claims = { holding: [], waiting: [] };
  const names = listLocks(pool);
  const waits = new Set(names.flatMap((name) => (lockOfNote(name) === undefined ? [] : name.split('+').at(-1))));
  for (const id of listClaims(pool)) {
    const claim = readClaim(pool, id);
    if (claim === undefined || claim.isFromEarlierBoot || claim.isCounting || isReturning(claim.name)) continue;
    const status = describe(pool, claim);
    const isHolding = claim.startedAt !== undefined || isHandedOver(claim.name);
    if (isHolding || !waits.has(formatClaimName(claim.name))) {
      // What has nothing and does not wait has just been started, or died so.
      if (status.tokens > 0 || status.implicit !== null) claims.holding.push(status);
    } else claims.waiting.push(status);
  }
  const byAge = (one: ClaimStatus, other: ClaimStatus) => (one.since < other.since ? -1 : 1);
  return { holding: claims.holding.sort(byAge), waiting: claims.waiting.sort(byAge) };
}

function describe(pool: Pick<Pool, 'folder'>, claim: ClaimRecord): ClaimStatus {
  const { name, owner, inode, job, command, tokens, since, startedAt, writtenMs } = claim;
  const pid = pidOf(name.holder);
  const isImplicit = owner !== undefined && lockedBy(pool, slotLock(owner)) === inode;
  const kind = owner?.slice(0, owner.indexOf('-')) as Exclude<ClaimStatus['implicit'], null>;
  const written = new Date(writtenMs).toISOString();
  return {
    pid,
    job: job === undefined || pidOf(job) === pid ? null : pidOf(job),
    command,
    since: startedAt || (isHandedOver(name) ? written : since) || written,
    tokens: tokens.length,
    implicit: isImplicit ? kind : null,
    memory: claim.memoryBytes || claim.wantedBytes || null,
    namespace: isOfOurNamespace(name) ? null : claim.namespace,
  };
}
