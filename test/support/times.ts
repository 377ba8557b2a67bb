/** So many of something, by their number from 0. At the same time: `Promise.all(times(…))`. */
export const times = <T>(count: number, make: (nth: number) => T): T[] =>
  Array.from({ length: count }, (_, nth) => make(nth));
