/** Where a webhook's address leads: resolved once, every answer checked, and what was checked is what is called (N2). */
import { lookup, Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';
import { isPublicAddress } from '../domain/publicAddress';
import { webhookUrlProblem } from '../domain/webhook';

export type Address = { address: string; family: number };
/**
 * @param hostname a name, no address
 * @param signal ends the question; who asks does not wait for that
 */
export type Resolve = (hostname: string, signal: AbortSignal) => Promise<Address[]>;

/** Two questions to each name server: a name whose servers are silent is given up in some six seconds. */
const DNS = { timeout: 2_000, tries: 2 };

/**
 * Asks name servers without a thread. The system's resolver keeps one of libuv's few for as long as it waits: a handful of
 * names whose servers are silent would leave none for the names of Stripe and of the database.
 * @param servers `address:port` @default those of the system
 */
export function createDnsResolve(servers?: readonly string[]): Resolve {
  return async (hostname, signal) => {
    const resolver = new Resolver(DNS);
    if (servers) resolver.setServers(servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(hostname), resolver.resolve6(hostname)]);
      if (v4.status === 'rejected' && v6.status === 'rejected')
        throw notResolved(hostname, v4.reason as NodeJS.ErrnoException);
      return [...answered(v4, 4), ...answered(v6, 6)];
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  };
}

const answered = (answer: PromiseSettledResult<string[]>, family: number): Address[] =>
  answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];

const notResolved = (hostname: string, cause: NodeJS.ErrnoException): Error =>
  new Error(`${hostname} can not be resolved (${cause.code})`, { cause });

/** Knows the hosts file too, which development needs. It can't be told to stop. */
export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * The addresses that may be connected to. One private answer refuses the name: who mixes them is up to something.
 * Throws an Error that says for the endpoint's owner what is wrong, or what the resolver throws.
 */
export async function checkedAddresses(
  url: URL,
  resolve: Resolve,
  allowPrivate: boolean,
  signal: AbortSignal,
): Promise<Address[]> {
  const problem = webhookUrlProblem(url.href, allowPrivate);
  if (problem !== null) throw new Error(problem);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(host);
  const addresses = family > 0 ? [{ address: host, family }] : await resolve(host, signal);
  if (addresses.length === 0) throw new Error(`${url.hostname} has no address`);
  if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) {
    throw new Error(`${url.hostname} leads to a private address; webhooks go to public ones only.`);
  }
  return addresses;
}
