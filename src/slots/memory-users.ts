import { isHandedOver, isOfOurNamespace, parseClaimName } from '../pool/claim-name.js';
import { pidNamespace } from '../process/pid-namespace.js';
import { type ProcessId, pidOf, selfId } from '../process/process-table.js';
import { readTreeMemory } from '../process/tree-memory.js';
import type { Claim } from './claim.js';
import { MEMORY_QUEUES } from './memory-queue.js';
import type { MemoryUser } from './memory-rule.js';
import { type ClaimRecord, listClaims, readClaim } from './read-claim.js';
import { isInUse } from './sweep-dead-claims.js';
import { doOnlyWait, listAbove, listWaitingClaims } from './waiting-trees.js';
import { listLocks } from './wake-waiters.js';

/** A claim for which memory is reserved. */
interface Reserved {
  id: string;
  claim: ClaimRecord;
  /** The uppermost process of those that use the memory; undefined if it is not known (yet), or cannot be seen from here. */
  root: ProcessId | undefined;
  /** The processes above that, or above the claim's holder, the nearest first. */
  above: readonly ProcessId[];
}

/** Reads which other claims of the pool have memory. @throws JobserverError 'failed' if they cannot be read */
export function readMemoryUsers({ pool, id: own }: Claim): MemoryUser[] {
  const names = listLocks(pool);
  const waiting = listWaitingClaims(names, () => true);
  // Those have none yet, and may be hundreds.
  const wanting = listWaitingClaims(names, (lock) => MEMORY_QUEUES.includes(lock));
  const known = new Map<number, readonly ProcessId[]>();
  const claims = listClaims(pool).flatMap((id): [string, ClaimRecord][] => {
    const claim = id === own || wanting.has(id) ? undefined : readClaim(pool, id);
    return claim === undefined ? [] : [[id, claim]];
  });
  const reserved = claims.flatMap(([id, claim]): Reserved[] => {
    if (claim.memoryBytes === 0 || !isInUse(pool, claim)) return [];
    const root = rootOf(claim);
    const [, ...above] = listAbove(pidOf(root ?? claim.name.holder), known);
    return [{ id, claim, root, above }];
  });
  const roots = new Map(reserved.flatMap((each) => (each.root === undefined ? [] : [[each.root, each] as const])));
  const aboveUs = new Set(listAbove(pidOf(selfId()), known));
  let onlyWaiting: ReadonlySet<ProcessId> | undefined;
  const stateOf = ({ id, root }: Reserved): MemoryUser['state'] => {
    if (waiting.has(id)) return 'waits';
    // Only if it is asked for: it looks at each process that waits.
    onlyWaiting ??= findOnlyWaiting(roots, claims, waiting, known);
    return root !== undefined && onlyWaiting.has(root) ? 'only-waits' : 'runs';
  };
  return linkUsers(reserved, roots, (each) => ({
    reservedBytes: each.claim.memoryBytes,
    usedBytes: each.root === undefined ? 0 : readTreeMemory(pidOf(each.root)),
    within: undefined,
    isAbove: isAmong(aboveUs, each),
    get state() {
      return stateOf(each);
    },
  }));
}

/** Makes the users, and finds the nearest one around each. */
function linkUsers(
  reserved: readonly Reserved[],
  roots: ReadonlyMap<ProcessId, Reserved>,
  makeUser: (each: Reserved) => MemoryUser,
): MemoryUser[] {
  const users = new Map(reserved.map((each) => [each, makeUser(each)]));
  for (const [{ above }, user] of users) {
    const around = above.find((process) => roots.has(process));
    if (around !== undefined) user.within = users.get(roots.get(around) as Reserved);
  }
  return [...users.values()];
}

/** Finds the uppermost process that uses what a claim has reserved. */
function rootOf({ name, namespace, job }: ClaimRecord): ProcessId | undefined {
  if (namespace !== pidNamespace()) return undefined;
  // Of a shell that holds a claim by js-acquire, all that it runs.
  return isHandedOver(name) ? name.holder : job;
}

/** Returns whether the job of a claim is one of the processes. */
function isAmong(processes: ReadonlySet<ProcessId>, { root, claim: { name } }: Reserved): boolean {
  if (root !== undefined) return processes.has(root);
  // What a js-run starts is its job, even if that could not be recorded; a js-each has others.
  return name.number === undefined && processes.has(name.holder);
}

/** Finds those of the roots below which nothing runs but what waits. @param waiting the names of the claims that wait */
function findOnlyWaiting(
  roots: ReadonlyMap<ProcessId, unknown>,
  claims: readonly [string, ClaimRecord][],
  waiting: ReadonlySet<string>,
  known: Map<number, readonly ProcessId[]>,
): ReadonlySet<ProcessId> {
  const above = new Set(
    [...waiting].flatMap((id) => {
      const name = parseClaimName(id);
      return name !== undefined && isOfOurNamespace(name) ? listAbove(pidOf(name.holder), known) : [];
    }),
  );
  const running = claims.filter(([id]) => !waiting.has(id)).map(([, claim]) => claim);
  const processesIn = groupByRoot(above, (id) => listAbove(pidOf(id), known), roots);
  const claimsIn = groupByRoot(running, ({ name }) => listAbove(pidOf(name.holder), known), roots);
  const isWaiting = (root: ProcessId) => doOnlyWait(claimsIn.get(root) ?? [], processesIn.get(root) ?? [], above);
  return new Set([...processesIn.keys()].filter(isWaiting));
}

/** Groups what runs in the trees of the roots by all roots above it. */
function groupByRoot<T>(
  all: Iterable<T>,
  aboveOf: (each: T) => readonly ProcessId[],
  roots: ReadonlyMap<ProcessId, unknown>,
): Map<ProcessId, T[]> {
  const groups = new Map<ProcessId, T[]>();
  for (const each of all)
    for (const root of aboveOf(each).filter((process) => roots.has(process))) {
      const group = groups.get(root);
      if (group === undefined) groups.set(root, [each]);
      else group.push(each);
    }
  return groups;
}
