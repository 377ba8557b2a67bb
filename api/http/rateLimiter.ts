/** Counts tries against the table of limits (domain/rateLimits.ts): by address in memory, by key and account in Postgres, where all processes agree. */
import { createHash, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Pool } from 'pg';
import {
  RateLimiterMemory,
  RateLimiterPostgres,
  RateLimiterRes,
  type RateLimiterAbstract,
} from 'rate-limiter-flexible';
import { Problem } from '../../domain/errors';
import { RATE_LIMITS, type Counted, type RateLimit, type RateLimitName } from '../../domain/rateLimits';

export type RateLimiter = {
  /** Counts a try. Throws `rate_limited`, with the seconds to wait, when it is one too many. */
  take(name: RateLimitName, by: Partial<Record<Counted, string>>): Promise<void>;
};

/**
 * Addresses share so many counters, by a hash that nobody outside can foresee: a flood of addresses takes no more memory
 * than that, and at worst makes others hear 429 instead of 401.
 */
const ADDRESS_SLOTS = 16_384;

export function createRateLimiter(pool: Pool): RateLimiter {
  const limiters = new Map<RateLimitName, RateLimiterAbstract>(
    (Object.entries(RATE_LIMITS) as [RateLimitName, RateLimit][]).map(([name, limit]) => [
      name,
      createCounter(name, limit, pool),
    ]),
  );
  const seed = randomBytes(16);
  const slotOf = (address: string): string =>
    String(createHash('sha256').update(seed).update(networkOf(address)).digest().readUInt32LE(0) % ADDRESS_SLOTS);

  return {
    async take(name, by) {
      const limit: RateLimit = RATE_LIMITS[name];
      const counted = by[limit.per];
      if (counted === undefined) throw new Error(`${name} is counted per ${limit.per}, which this request has not`);
      try {
        await limiters.get(name)!.consume(limit.per === 'address' ? slotOf(counted) : counted);
      } catch (refused) {
        if (refused instanceof RateLimiterRes) throw rateLimited(name, refused.msBeforeNext);
        throw refused;
      }
    },
  };
}

function createCounter(name: RateLimitName, { per, tries, seconds }: RateLimit, pool: Pool): RateLimiterAbstract {
  const options = { keyPrefix: name, points: tries, duration: seconds };
  return per === 'address'
    ? new RateLimiterMemory(options)
    : new RateLimiterPostgres({
        ...options,
        storeClient: pool,
        storeType: 'pool',
        tableName: 'rate_limits',
        tableCreated: true,
      });
}

export function rateLimited(name: RateLimitName, waitMs: number): Problem {
  const { tries, seconds, what, per }: RateLimit = RATE_LIMITS[name];
  const time = seconds % 3_600 === 0 ? `${seconds / 3_600} h` : `${seconds / 60} min`;
  return new Problem('rate_limited', `There may be ${tries} ${what} in ${time} per ${per}.`, {
    retryAfterSeconds: Math.max(1, Math.ceil(waitMs / 1_000)),
  });
}

/** Of an IPv6 address its first 64 bits: whoever has one has all the others of that network. */
export function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return mapped[1]!;
  const [head = '', tail = ''] = address.toLowerCase().split('%', 1)[0]!.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const missing = Array<string>(Math.max(0, 8 - groups(head).length - groups(tail).length)).fill('0');
  const all = [...groups(head), ...missing, ...groups(tail)];
  return `${all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
