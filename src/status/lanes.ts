import type { ClaimStatus } from './read-claims.js';

/** What one slot of a pool is used for: by a command, by somebody without a claim, or by nobody. */
export type Lane = { claim: ClaimStatus; isFirst: boolean } | 'others' | 'free';

/** Gives each slot a line, in which what runs there stays as long as it runs. */
export type AssignLanes = (jobs: number, holding: readonly ClaimStatus[], others: number) => Lane[];

/** Returns a function that remembers who is in which lane. */
export function makeLanes(): AssignLanes {
  let before: (string | undefined)[] = [];
  return (jobs, holding, others) => {
    const wanted = new Map(holding.map((claim) => [keyOf(claim), { claim, left: lanesOf(claim), isFirst: true }]));
    const take = (key: string | undefined) => {
      const want = key === undefined ? undefined : wanted.get(key);
      if (want === undefined || want.left === 0) return undefined;
      want.left--;
      const lane = { claim: want.claim, isFirst: want.isFirst };
      want.isFirst = false;
      return lane;
    };
    const lanes: (Lane | undefined)[] = Array.from({ length: jobs }, (_, index) => take(before[index]));
    const fill = (next: () => Lane | undefined) => {
      for (let index = 0; index < jobs; index++) lanes[index] ??= next();
    };
    for (const key of wanted.keys()) fill(() => take(key));
    before = lanes.map((lane) => (typeof lane === 'object' ? keyOf(lane.claim) : undefined));
    // The slot of a recipe is one that its make has taken.
    let unnamed = others - holding.filter(({ implicit }) => implicit === 'recipe').length;
    fill(() => (unnamed-- > 0 ? 'others' : undefined));
    return lanes.map((lane) => lane ?? 'free');
  };
}

const keyOf = ({ pid, job, since }: ClaimStatus): string => [pid, job, since].join();

/** A command in the slot of the one that started it uses no other. */
const lanesOf = ({ tokens, implicit }: ClaimStatus): number =>
  tokens + Number(implicit === 'session' || implicit === 'recipe');
