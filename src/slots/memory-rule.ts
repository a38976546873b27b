/** A claim with memory, as far as it matters to another one that wants some. */
export interface MemoryUser {
  /** What is reserved for it. */
  reservedBytes: number;
  /** What its processes use of that, and more. */
  usedBytes: number;
  /** The nearest claim in this list that it runs in. */
  within: MemoryUser | undefined;
  /** Whether the one that wants memory runs in it. */
  isAbove: boolean;
  /** Whether it runs, waits for its slot, or has nothing running in it but what waits for slots or memory. */
  state: 'runs' | 'waits' | 'only-waits';
}

/**
 * Returns how many bytes the claims have reserved and do not use yet. What a claim reserves that runs in another one comes out of
 * that one's reservation. The reservations that the waiting process runs in are its own to use.
 */
export function countUnused(users: readonly MemoryUser[]): number {
  const inside = new Map<MemoryUser | undefined, MemoryUser[]>();
  for (const user of users) {
    const siblings = inside.get(user.within);
    if (siblings === undefined) inside.set(user.within, [user]);
    else siblings.push(user);
  }
  const unusedIn = (outer: MemoryUser | undefined): number =>
    (inside.get(outer) ?? []).reduce((sum, user) => sum + unusedBy(user), 0);
  const unusedBy = (user: MemoryUser): number => {
    const below = unusedIn(user);
    return user.isAbove ? below : Math.max(user.reservedBytes - user.usedBytes, below);
  };
  return unusedIn(undefined);
}

/**
 * Returns whether a claim has to wait until there is enough memory for it: it may if another one will end without it, and starts
 * all the same if there is none. So nobody waits for ever; test/model/memory.pml is the model of this.
 * @param isInSlot whether the claim runs in a slot, or has its slots already: then what waits for a slot may wait for that one
 */
export function mustWait(users: readonly MemoryUser[], isInSlot: boolean): boolean {
  return users.some(({ isAbove, state }) => !isAbove && (state === 'runs' || (state === 'waits' && !isInSlot)));
}
