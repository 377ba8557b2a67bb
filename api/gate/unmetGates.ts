/**
 * Gates that this process has learned beside its looks at the database, until a look meets them. What was learned before
 * a look began and is not met in it, the database does not know: it is a late answer of its earlier history, from before
 * a restore. Every other change is met in the look that follows it.
 */
export type UnmetGates = {
  learned(accountId: string): void;
  met(accountId: string): void;
  /** One look at a time. */
  beginLook(): void;
  /** Whether the look that ends now has left out what was learned before it began. */
  hasOverdue(): boolean;
  clear(): void;
};

export function createUnmetGates(): UnmetGates {
  let looks = 0;
  /** By account: after how many looks. */
  const unmet = new Map<string, number>();
  return {
    learned: (accountId) => void unmet.set(accountId, looks),
    met: (accountId) => void unmet.delete(accountId),
    beginLook: () => void (looks += 1),
    hasOverdue: () => unmet.size > 0 && [...unmet.values()].some((learnedAfter) => learnedAfter < looks),
    clear: () => unmet.clear(),
  };
}
