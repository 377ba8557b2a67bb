/** Keeps a claim or a reservation alive for as long as the work takes that it is for. */

/** A third of the shortest claim: one renewal that fails ends none. */
const RENEW_MS = 10_000;

/**
 * Renews until the work has ended. What can't be renewed runs out: then its end is refused, and somebody begins again.
 * @param renew answers false when there is nothing left to renew
 * @param work its signal is aborted when that was answered: what it goes on with is for nothing
 */
export async function whileRenewed<T>(
  renew: () => Promise<boolean>,
  work: (isOver: AbortSignal) => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const timer = setInterval(
    () =>
      void renew().then(
        (renewed) => renewed || over.abort(),
        () => undefined,
      ),
    RENEW_MS,
  );
  try {
    return await work(over.signal);
  } finally {
    clearInterval(timer);
  }
}
