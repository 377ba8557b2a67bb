/** Secrets that this process has found in force, and not heard since that they are not: no stranger has such a one. */
export type Familiar = {
  meet(secret: string): void;
  has(secret: string): boolean;
  delete(secret: string): void;
};

/** @param max beyond it those that were met longest ago are forgotten */
export function createFamiliar(max: number): Familiar {
  /** In the order in which they were met last. */
  const met = new Set<string>();
  return {
    meet(secret) {
      met.delete(secret);
      met.add(secret);
      if (met.size > max) met.delete(met.values().next().value!);
    },
    has: (secret) => met.has(secret),
    delete: (secret) => void met.delete(secret),
  };
}
