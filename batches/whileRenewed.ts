/** Keeps a claim or a reservation alive for as long as the work takes that it is for. */

/**
 * Renews at each third of `seconds` until the work has ended. What can't be renewed runs out: then its end is refused, and
 * somebody begins again.
 */
export async function whileRenewed<T>(
  seconds: number,
  renew: () => Promise<unknown>,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setInterval(() => void renew().catch(() => undefined), (seconds / 3) * 1_000);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
