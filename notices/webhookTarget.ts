/** Where a webhook's address leads: resolved once, every answer checked, and what was checked is what is called (N2). */
import { lookup } from 'node:dns/promises';
import { isPublicAddress } from '../domain/publicAddress';
import { webhookUrlProblem } from '../domain/webhook';

export type Address = { address: string; family: number };
/** @param hostname as in the URL, without brackets */
export type Resolve = (hostname: string) => Promise<Address[]>;

export const resolveBySystem: Resolve = (hostname) => lookup(hostname, { all: true });

/**
 * The addresses that may be connected to. One private answer refuses the name: who mixes them is up to something.
 * Throws an Error that says for the endpoint's owner what is wrong, or what the resolver throws.
 */
export async function checkedAddresses(url: URL, resolve: Resolve, allowPrivate: boolean): Promise<Address[]> {
  const problem = webhookUrlProblem(url.href, allowPrivate);
  if (problem !== null) throw new Error(problem);
  const addresses = await resolve(url.hostname.replace(/^\[|\]$/g, ''));
  if (addresses.length === 0) throw new Error(`${url.hostname} has no address`);
  if (!allowPrivate && !addresses.every(({ address }) => isPublicAddress(address))) {
    throw new Error(`${url.hostname} leads to a private address; webhooks go to public ones only.`);
  }
  return addresses;
}
