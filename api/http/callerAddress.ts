/** Whose request it is, by address: the socket's, or what a trusted proxy says of it in X-Forwarded-For. */
import type { IncomingMessage, Server } from 'node:http';
import { BlockList, isIP } from 'node:net';

const NAMED: ReadonlyMap<string, readonly string[]> = new Map([
  ['loopback', ['127.0.0.0/8', '::1']],
  ['linklocal', ['169.254.0.0/16', 'fe80::/10']],
  ['uniquelocal', ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7']],
]);

/** @param trustedProxies addresses, networks and names, as `TRUSTED_PROXIES` has them; throws for anything else */
export function createCallerAddress(trustedProxies: readonly string[]): (request: IncomingMessage) => string {
  const trusted = new BlockList();
  for (const proxy of trustedProxies.flatMap((name) => NAMED.get(name) ?? [name])) {
    const [network = '', length] = proxy.split('/');
    if (length === undefined) trusted.addAddress(network, familyOf(network));
    else trusted.addSubnet(network, Number(length), familyOf(network));
  }
  const isTrusted = (address: string): boolean => isIP(address) !== 0 && trusted.check(address, familyOf(address));

  return ({ socket, headers }) => {
    const direct = socket.remoteAddress ?? '';
    if (trustedProxies.length === 0 || !isTrusted(direct)) return direct;
    const forwarded = String(headers['x-forwarded-for'] ?? '')
      .split(',')
      .map((address) => address.trim())
      .filter((address) => address !== '');
    // Each proxy appends the address it was called from. What precedes an address that is not trusted may be that caller's invention.
    return forwarded.findLast((address) => !isTrusted(address)) ?? forwarded[0] ?? direct;
  };
}

/** A closed socket still knows its address if it was asked for before: whoever hangs up early is counted where they are. */
export const keepAddresses = (server: Server): Server =>
  server.on('connection', ({ remoteAddress }) => void remoteAddress);

const familyOf = (address: string): 'ipv4' | 'ipv6' => (address.includes(':') ? 'ipv6' : 'ipv4');
