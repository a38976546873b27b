import { statSync } from 'node:fs';
import { countRepairs, type Repairs } from '../keeper/count-repairs.js';
import { findStranger } from '../keeper/find-stranger.js';
import { describePool, type Pool } from '../pool/pool.js';
import { isKeeperDead, type PoolRecord } from '../pool/pool-record.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { type ProcessId, pidOf, readArguments } from '../process/process-table.js';
import { countTokens } from '../slots/count-tokens.js';
import { findClient } from '../slots/find-client-of-session.js';
import { lockedBy, slotLock } from '../slots/locks.js';
import { listClients, type PoolClient } from './list-clients.js';
import { type ClaimStatus, type Claims, readClaims } from './read-claims.js';

/** What js-status prints with --json, of one pool. Fields may be added to it; docs/js-status.schema.json has them all. */
export interface PoolStatus {
  pool: string;
  /** How it was found: `--fifo`, or the name of a variable; null with --all. */
  source: string | null;
  /** N, if it is known. */
  jobs: number | null;
  /** How many slots are free, and who has the others; null if that cannot be known. */
  slots: {
    free: number | null;
    /** Those of the commands in `holding`, unless they are the implicit slots of recipes and of other commands. */
    claimed: number;
    /** Those that others have taken, such as make, or that are lost. */
    others: number | null;
  };
  holding: ClaimStatus[];
  waiting: ClaimStatus[];
  clients: PoolClient[];
  bystanders: number;
  /** The rest is known of a pool of js-create only. */
  own: OwnStatus | null;
}

interface OwnStatus {
  madeAt: string | null;
  keeper: { pid: number; state: 'alive' | 'dead' | 'unknown'; replaced: number };
  /** The process that the pool ends with; null if it stays until js-destroy. */
  owner: { pid: number; command: string } | null;
  /** A process that may hold slots and that we may not look into: while it is there, lost slots are not replaced. */
  hidden: number | null;
  repairs: Repairs | null;
}

/**
 * Finds out what can be known of a pool.
 * @param gently whether to touch no token of a pool in which only claims can hold tokens, for who looks again and again
 * @throws as countTokens()
 */
export function readStatus(pool: Pool, source: string | null, gently = false): PoolStatus {
  const { record, jobs } = pool;
  const stranger = record && findStranger(pool, pool.fd);
  const { claims, inPool } = takeStock(
    pool,
    gently && record !== undefined && stranger === undefined && isKept(record),
  );
  const mine = [...claims.holding, ...claims.waiting].map(({ pid }) => pid);
  const keeper = record === undefined ? [] : [pidOf(record.keeper)];
  const session = record?.session ?? undefined;
  const [isClaimed, isClients] = session === undefined ? [false, false] : whoHasSlotOf(pool, session);
  const tokens = record?.tokens ?? (jobs === undefined ? undefined : jobs - 1);
  const claimed = countTokensOf(claims);
  return {
    pool: describePool(pool),
    source,
    jobs: jobs ?? null,
    slots: {
      free: inPool === undefined ? null : inPool + Number(session !== undefined && !isClaimed && !isClients),
      claimed: claimed + Number(isClaimed),
      others:
        inPool === undefined || tokens === undefined
          ? null
          : Math.max(0, tokens - inPool - claimed) + Number(isClients),
    },
    ...claims,
    ...listClients(pool, new Set([...mine, ...keeper])),
    own: record === undefined ? null : readOwn(pool, record, stranger?.hidden ? stranger.pid : null),
  };
}

/** How often the claims are read again if a token has changed hands while all were counted. */
const MOST_TRIES = 3;

/** Finds out where the tokens are at one moment; how many are in the pool is not known of a device. */
function takeStock(pool: Pool, asClaimed: boolean): { claims: Claims; inPool: number | undefined } {
  for (let tries = 1; ; tries++) {
    const before = readClaims(pool);
    if (asClaimed) return { claims: before, inPool: Math.max(0, (pool.record?.tokens ?? 0) - countTokensOf(before)) };
    if (!pool.wakes) return { claims: before, inPool: undefined };
    const inPool = countTokens(pool);
    const claims = readClaims(pool);
    if (tries === MOST_TRIES || countTokensOf(before) === countTokensOf(claims)) return { claims, inPool };
  }
}

const countTokensOf = ({ holding, waiting }: Claims): number =>
  [...holding, ...waiting].reduce((sum, { tokens }) => sum + tokens, 0);

/** Returns whether a claim, and whether a client without one, has the implicit slot of a session. */
function whoHasSlotOf(pool: Pool, session: ProcessId): [boolean, boolean] {
  const isClaimed = lockedBy(pool, slotLock(`session-${session}`)) !== undefined;
  return [isClaimed, !isClaimed && findClient(pool, session) !== undefined];
}

/** Returns whether a keeper that we can see looks after the tokens. */
const isKept = (record: PoolRecord): boolean => record.namespace === pidNamespace() && !isKeeperDead(record);

function readOwn(pool: Pool, record: PoolRecord, hidden: number | null): OwnStatus {
  const { keeper, place, namespace, owner } = record;
  const state = isKeeperDead(record) ? 'dead' : namespace === pidNamespace() ? 'alive' : 'unknown';
  return {
    madeAt: timeOf(`${pool.folder}/keeper-1`),
    keeper: { pid: pidOf(keeper), state, replaced: Math.max(0, place - 1) },
    owner: owner && { pid: pidOf(owner), command: readArguments(pidOf(owner)).join(' ') },
    hidden,
    repairs: countRepairs(pool) ?? null,
  };
}

/** Returns when the file was written. */
function timeOf(file: string): string | null {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat === undefined ? null : stat.mtime.toISOString();
}
