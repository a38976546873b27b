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
  const all = listClaims(pool).flatMap((id): [string, ClaimRecord][] => {
    const claim = id === own || wanting.has(id) ? undefined : readClaim(pool, id);
    return claim === undefined ? [] : [[id, claim]];
  });
  const reserved = all.flatMap(([id, claim]): Reserved[] => {
    if (claim.memoryBytes === 0 || !isInUse(pool, claim)) return [];
    const root = rootOf(claim);
    const [, ...above] = listAbove(pidOf(root ?? claim.name.holder), known);
    return [{ id, claim, root, above }];
  });
  const byRoot = new Map(reserved.flatMap((each) => (each.root === undefined ? [] : [[each.root, each] as const])));
  const aboveUs = new Set(listAbove(pidOf(selfId()), known));
  const onlyWaiting = findOnlyWaiting(byRoot, all, waiting, known);
  const users = new Map(
    reserved.map((each): [Reserved, MemoryUser] => [
      each,
      {
        reservedBytes: each.claim.memoryBytes,
        usedBytes: each.root === undefined ? 0 : readTreeMemory(pidOf(each.root)),
        within: undefined,
        isAbove: aboveUs.has(each.root ?? each.claim.name.holder),
        state: waiting.has(each.id) ? 'waits' : each.root && onlyWaiting.has(each.root) ? 'only-waits' : 'runs',
      },
    ]),
  );
  for (const [each, user] of users) {
    const around = each.above.find((process) => byRoot.has(process));
    if (around !== undefined) user.within = users.get(byRoot.get(around) as Reserved);
  }
  return [...users.values()];
}

/** Finds the uppermost process that uses what a claim has reserved. */
function rootOf({ name, namespace, job }: ClaimRecord): ProcessId | undefined {
  if (namespace !== pidNamespace()) return undefined;
  // Of a shell that holds a claim by js-acquire, all that it runs.
  return isHandedOver(name) ? name.holder : job;
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
