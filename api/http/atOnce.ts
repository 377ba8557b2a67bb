/** How many of a kind may be under way at the same time, for each account. */
import { Problem } from '../../domain/errors';

export type AtOnce = {
  /** @throws {Problem} `too_many_requests` when as many are under way; then nothing was begun */
  run<T>(accountId: string, work: () => Promise<T>): Promise<T>;
};

/** Counted in memory: what ran in a process that has died is not counted any more. @param what they are called */
export function createAtOnce(max: number, what: string): AtOnce {
  const underWay = new Map<string, number>();
  return {
    async run(accountId, work) {
      const count = underWay.get(accountId) ?? 0;
      if (count >= max)
        throw new Problem('too_many_requests', `An account may have 1 to ${max} ${what} at once.`, {
          retryAfterSeconds: 2,
          members: { limit: max, in_use: count },
        });
      underWay.set(accountId, count + 1);
      try {
        return await work();
      } finally {
        const left = underWay.get(accountId)! - 1;
        if (left > 0) underWay.set(accountId, left);
        else underWay.delete(accountId);
      }
    },
  };
}
