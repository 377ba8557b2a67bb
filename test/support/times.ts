/** So many of something, by their number from 0. At the same time: `Promise.all(times(…))`. */
export const times = <T>(count: number, make: (nth: number) => T): T[] =>
  Array.from({ length: count }, (_, nth) => make(nth));

/** Lets all that is due now run, and what follows from it: before one says that something has not happened. */
export async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
