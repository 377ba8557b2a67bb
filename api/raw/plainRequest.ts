/**
 * Reads the plainest of HTTP/1.1 requests: a whole head, nothing unusual in it, and no body. Everything else is left to
 * node:http (plainConnection.ts). So this reader must be stricter than node:http everywhere, and never read a request in
 * another way: a test sends the same bytes to both and compares.
 */
import type { HotHeaders } from '../gate/hotPath';

export type PlainRequest = {
  method: string;
  target: string;
  headers: HotHeaders;
  /** Where the next request begins. */
  end: number;
};

/** Remembers the last header lines it read: the same ones again, as callers mostly send them, need no reading. */
export type PlainReader = (text: string, at: number) => PlainRequest | null;

/** Far below the 16 KiB and 1,000 lines at which node:http refuses or cuts off. */
const HEAD_LENGTH_MAX = 8 * 1024;
const LINES_MAX = 100;

const REQUEST_LINE = /(GET|POST|PUT|PATCH|DELETE|OPTIONS) (\/v1\/[\w\-.~!$&'()*+,;=:@%/?]+) HTTP\/1\.1\r\n/y;
/** A name, a colon right after it, and printable ASCII: no folded lines, no bare CR or LF, nothing above 0x7e. */
const HEADER_LINES = /^(?:[\w!#$%&'*+\-.^`|~]+:[\t\x20-\x7e]*\r\n)+\r\n$/;

/** @returns null for what is not plain, or not there as a whole */
export function createPlainReader(): PlainReader {
  let last: { text: string; headers: HotHeaders } | null = null;

  /** The header lines and the empty one after them. */
  function readHeaders(text: string, at: number): typeof last {
    if (last !== null && text.startsWith(last.text, at)) return last;
    const end = text.indexOf('\r\n\r\n', at);
    if (end < 0 || end - at > HEAD_LENGTH_MAX) return null;
    const block = text.slice(at, end + 4);
    const headers = HEADER_LINES.test(block) ? toHeaders(block.slice(0, -4).split('\r\n')) : null;
    if (headers === null) return null;
    const found = { text: block, headers };
    // A part of a text keeps all of it in memory.
    if (text.length <= HEAD_LENGTH_MAX) last = found;
    return found;
  }

  return (text, at) => {
    REQUEST_LINE.lastIndex = at;
    const line = REQUEST_LINE.exec(text);
    if (line === null) return null;
    const block = readHeaders(text, REQUEST_LINE.lastIndex);
    if (block === null) return null;
    const end = at + line[0].length + block.text.length;
    return end - at > HEAD_LENGTH_MAX ? null : { method: line[1]!, target: line[2]!, headers: block.headers, end };
  };
}

const ANYTHING = /^/;
const NOTHING = /(?!)/;
/** The values that make a header plain. Headers that are not named here change nothing. */
const PLAIN_VALUES = new Map(
  Object.entries<RegExp>({
    host: ANYTHING,
    authorization: ANYTHING,
    'x-account-id': ANYTHING,
    'x-request-id': ANYTHING,
    connection: /^ ?keep-alive$/i,
    'content-length': /^ ?0$/,
    'transfer-encoding': NOTHING,
    'proxy-connection': NOTHING,
    expect: NOTHING,
    upgrade: NOTHING,
    trailer: NOTHING,
    te: NOTHING,
  }),
);

/** Null when a header that matters is not plain or comes twice, or when there is no host. */
function toHeaders(lines: readonly string[]): HotHeaders | null {
  if (lines.length > LINES_MAX) return null;
  const seen = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon).toLowerCase();
    const plain = PLAIN_VALUES.get(name);
    if (plain === undefined) continue;
    const value = line.slice(colon + 1);
    if (seen.has(name) || !plain.test(value)) return null;
    seen.set(name, value.trim());
  }
  if (!seen.has('host')) return null;
  return {
    authorization: seen.get('authorization'),
    accountId: seen.get('x-account-id'),
    requestId: seen.get('x-request-id'),
  };
}
