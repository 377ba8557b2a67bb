/** Which IP addresses anybody may be made to call: the public ones. All that is internal, special or reserved is not (N2). */

/** IANA's special-purpose registry, and what clouds keep for themselves: [first address, prefix length]. */
const SPECIAL_V4: readonly (readonly [string, number])[] = [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.31.196.0', 24],
  ['192.52.193.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['192.175.48.0', 24],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  // Azure's platform answers here, from inside of every virtual machine.
  ['168.63.129.16', 32],
  // Multicast, reserved and broadcast.
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
];

const numberOf = (dotted: string): number => dotted.split('.').reduce((sum, part) => sum * 256 + Number(part), 0);
const special = SPECIAL_V4.map(([first, length]) => ({ first: numberOf(first), size: 2 ** (32 - length) }));

/**
 * Takes what DNS or an address bar gives: also `2130706433`, `0x7f.1` and IPv6 in any spelling. What is no address is
 * not public. IPv6 is public in 2000::/3 only, so IPv4 in the clothes of IPv6 (mapped, NAT64, 6to4, Teredo) is not.
 */
export function isPublicAddress(address: string): boolean {
  const host = canonical(address);
  if (host === null) return false;
  return host.startsWith('[') ? isPublicV6(host.slice(1, -1)) : isPublicV4(host);
}

/** As URLs write it: dotted decimals, or IPv6 at its shortest in brackets. Null when it is a name or nonsense. */
function canonical(address: string): string | null {
  if (!/^[\da-fx.:[\]]+$/i.test(address)) return null;
  const bare = address.startsWith('[') ? address.slice(1, -1) : address;
  const written = bare.includes(':') ? `http://[${bare}]/` : `http://${bare}/`;
  if (!URL.canParse(written)) return null;
  const { hostname } = new URL(written);
  return hostname.startsWith('[') || /^\d+\.\d+\.\d+\.\d+$/.test(hostname) ? hostname : null;
}

function isPublicV4(dotted: string): boolean {
  const number = numberOf(dotted);
  return !special.some(({ first, size }) => number >= first && number < first + size);
}

/** @param text at its shortest, so that a group left out is 0 */
function isPublicV6(text: string): boolean {
  const [first = 0, second = 0] = text.split(':', 2).map((group) => parseInt(group || '0', 16));
  if (first < 0x2000 || first > 0x3fff) return false;
  if (first === 0x2001) return second >= 0x200 && second !== 0xdb8; // protocol assignments with Teredo; documentation
  return first !== 0x2002 && !(first === 0x3fff && second < 0x1000); // 6to4; documentation
}
