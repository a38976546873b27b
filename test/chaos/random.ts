/** Numbers that follow from a seed alone. */
export interface Random {
  /** Returns a number from 0 up to, and not, 1. */
  next(): number;
  /** Returns an integer from `least` to `most`. */
  integer(least: number, most: number): number;
  /** Returns one of these; each is as likely as its weight says, or as any other. */
  pick<T>(choices: readonly T[], weightOf?: (choice: T) => number): T;
}

/** mulberry32: 32 bits of state are enough to draw lots with. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return {
    next,
    integer: (least, most) => least + Math.floor(next() * (most - least + 1)),
    pick(choices, weightOf = () => 1) {
      let rest = next() * choices.reduce((sum, choice) => sum + weightOf(choice), 0);
      for (const choice of choices) {
        rest -= weightOf(choice);
        if (rest < 0) return choice;
      }
      return choices.at(-1) as (typeof choices)[number];
    },
  };
}
