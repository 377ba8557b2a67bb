/** Counts tries against the table of limits (domain/rateLimits.ts): by address in memory, by key and account in Postgres, where all processes agree. */
import type { Pool } from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { Problem } from '../../domain/errors';
import { RATE_LIMITS, type Counted, type RateLimit, type RateLimitName } from '../../domain/rateLimits';
import { consume, createAddressCounter, type AddressCounter } from './addressCounter';

export type RateLimiter = {
  /** Counts a try. Throws `rate_limited`, with the seconds to wait, when it is one too many. */
  take(name: RateLimitName, by: Partial<Record<Counted, string>>): Promise<void>;
  /** What `take` would throw; null while there are tries left. Counts nothing. */
  refusalOf(name: AddressLimitName, by: { address: string }): Promise<Problem | null>;
};

/** Limits that are counted per address. */
type AddressLimitName = {
  [Name in RateLimitName]: (typeof RATE_LIMITS)[Name]['per'] extends 'address' ? Name : never;
}[RateLimitName];

export function createRateLimiter(pool: Pool): RateLimiter {
  const addresses = new Map<RateLimitName, AddressCounter>();
  const others = new Map<RateLimitName, RateLimiterPostgres>();
  for (const [name, limit] of Object.entries(RATE_LIMITS) as [RateLimitName, RateLimit][]) {
    if (limit.per === 'address') addresses.set(name, createAddressCounter(name, limit));
    else others.set(name, createSharedCounter(name, limit, pool));
  }

  return {
    async take(name, by) {
      const limit: RateLimit = RATE_LIMITS[name];
      const counted = by[limit.per];
      if (counted === undefined) throw new Error(`${name} is counted per ${limit.per}, which this request has not`);
      const refusal = await (addresses.get(name)?.consume(counted) ?? consume(others.get(name)!, counted));
      if (refusal) throw rateLimited(name, refusal.msBeforeNext);
    },
    async refusalOf(name, { address }) {
      const refusal = await addresses.get(name)!.refusalOf(address);
      return refusal && rateLimited(name, refusal.msBeforeNext);
    },
  };
}

const createSharedCounter = (name: string, { tries, seconds }: RateLimit, pool: Pool): RateLimiterPostgres =>
  new RateLimiterPostgres({
    keyPrefix: name,
    points: tries,
    duration: seconds,
    storeClient: pool,
    storeType: 'pool',
    tableName: 'rate_limits',
    tableCreated: true,
  });

export function rateLimited(name: RateLimitName, waitMs: number): Problem {
  const { tries, seconds, what, per }: RateLimit = RATE_LIMITS[name];
  const time = seconds % 3_600 === 0 ? `${seconds / 3_600} h` : `${seconds / 60} min`;
  return new Problem('rate_limited', `There may be ${tries} ${what} in ${time} per ${per}.`, {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
  });
}
