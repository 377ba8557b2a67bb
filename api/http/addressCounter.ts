/** Counts tries by the address they come from, in the memory of this process, in a bounded number of counters. */
import { createHash, randomBytes } from 'node:crypto';
import { isIPv6 } from 'node:net';
import { RateLimiterMemory, RateLimiterRes, type RateLimiterAbstract } from 'rate-limiter-flexible';
import { SITE_TIMES, type RateLimit } from '../../domain/rateLimits';

export type AddressCounter = {
  /** Counts a try. Null, or when it is one too many, its refusal. */
  consume(address: string): Promise<RateLimiterRes | null>;
  /** What `consume` would answer. Counts nothing. */
  refusalOf(address: string): Promise<RateLimiterRes | null>;
};

/**
 * Addresses share so many counters, by a hash that nobody outside can foresee, so a flood of addresses takes no more
 * memory than that. Whoever shares a counter with a network that has filled it is refused too. A site fills ten of them at most
 * (`SITE_TIMES`): to fill them all takes 1,600 sites, or as many IPv4 addresses as there are counters.
 */
const SLOTS = 16_384;
const seed = randomBytes(16);
const slotOf = (network: string): string =>
  String(createHash('sha256').update(seed).update(network).digest().readUInt32LE(0) % SLOTS);

export function createAddressCounter(name: string, { tries, seconds }: RateLimit): AddressCounter {
  const networks = new RateLimiterMemory({ keyPrefix: name, points: tries, duration: seconds });
  const sites = new RateLimiterMemory({ keyPrefix: `${name}/site`, points: SITE_TIMES * tries, duration: seconds });

  async function refusalOf(address: string): Promise<RateLimiterRes | null> {
    const { network, site } = placeOf(address);
    const counted = [await networks.get(slotOf(network)), site === null ? null : await sites.get(slotOf(site))];
    return counted.find((one) => one !== null && one.remainingPoints <= 0) ?? null;
  }

  return {
    refusalOf,
    async consume(address) {
      // A network that is refused counts for nothing in its site: it alone locks no neighbour out. A site that is
      // refused counts for nothing in its networks: it fills no more counters.
      const refusal = await refusalOf(address);
      if (refusal) return refusal;
      const { network, site } = placeOf(address);
      return (site === null ? null : await consume(sites, slotOf(site))) ?? consume(networks, slotOf(network));
    },
  };
}

/** Null, or the refusal when it is one too many. */
export async function consume(counter: RateLimiterAbstract, key: string): Promise<RateLimiterRes | null> {
  try {
    await counter.consume(key);
    return null;
  } catch (refused) {
    if (refused instanceof RateLimiterRes) return refused;
    throw refused;
  }
}

/**
 * What is counted together. Of an IPv6 address its first 64 bits: whoever has one has all the others of that network; and
 * its first 48, of which a provider gives a customer all.
 */
export function placeOf(address: string): { network: string; site: string | null } {
  if (!isIPv6(address)) return { network: address, site: null };
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped) return { network: mapped[1]!, site: null };
  const [head = '', tail = ''] = address.toLowerCase().split('%', 1)[0]!.split('::');
  const groups = (part: string) => part.split(':').filter((group) => group !== '');
  const missing = Array<string>(Math.max(0, 8 - groups(head).length - groups(tail).length)).fill('0');
  const all = [...groups(head), ...missing, ...groups(tail)].map((group) => group.replace(/^0+(?=.)/, ''));
  const first = (bits: number) => `${all.slice(0, bits / 16).join(':')}::/${bits}`;
  return { network: first(64), site: first(48) };
}
