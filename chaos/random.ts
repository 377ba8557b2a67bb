/** Random numbers that come out the same for the same seed, so that a campaign can be run again. */

export type Random = {
  /** From 0 up to, but not, 1. */
  next(): number;
  /** A whole number, both ends included. */
  between(min: number, max: number): number;
  pick<T>(items: readonly T[]): T;
  /** One of them, each as often as its weight says against the others'. */
  weighted<T extends { weight: number }>(items: readonly T[]): T;
  /** True in this share of cases. */
  chance(share: number): boolean;
};

/** Mulberry32: small, and good enough to choose faults with. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  const weighted = <T extends { weight: number }>(items: readonly T[]): T => {
    let at = next() * items.reduce((sum, { weight }) => sum + weight, 0);
    return items.find(({ weight }) => (at -= weight) < 0) ?? items[0]!;
  };
  return {
    next,
    between,
    pick: (items) => items[between(0, items.length - 1)]!,
    weighted,
    chance: (share) => next() < share,
  };
}
