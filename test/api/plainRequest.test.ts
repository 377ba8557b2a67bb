/** The fast reading of plain requests against node:http: what is sent to a server with and without it is answered the same. */
import fc from 'fast-check';
import pino from 'pino';
import { createKeyring, type Keyring } from '../../api/http/auth';
import { createGateCache, FAIL_CLOSED, type GateCache } from '../../api/gate/gateCache';
import { createHotPath } from '../../api/gate/hotPath';
import { createPlainReader } from '../../api/raw/plainRequest';
import { createClock } from '../../ledger/clock';
import { openAccount, startTestApi, type TestApi } from '../support/api';
import { startHotServer, talk, type HotServer } from '../support/hotServer';

let api: TestApi;
let gates: GateCache;
let keyring: Keyring;
let fast: HotServer;
let slow: HotServer;
/** Keys of a length that makes requests easy to read here. */
let key: string;

beforeAll(async () => {
  api = await startTestApi();
  await Promise.all([openAccount(api, '100.00', 'rich'), openAccount(api, undefined, 'poor')]);
  const { pool, url } = api.database;
  gates = createGateCache({ pool, databaseUrl: url, log: pino({ level: 'silent' }), clock: createClock() });
  keyring = createKeyring(pool, Date.now, FAIL_CLOSED);
  await gates.start();
  const hotPath = createHotPath({ gates, keyring });
  fast = await startHotServer(hotPath, { isFast: true });
  slow = await startHotServer(hotPath, { isFast: false });
  key = `Bearer ${api.service}`;
  await keyring.authenticate(key);
});
afterAll(async () => {
  await fast.close();
  await slow.close();
  await keyring.close();
  await gates.close();
  await api.close();
});

/** What node:http says of what it can't read; or not, when something else came right before. */
const REFUSAL = /^HTTP\/1\.1 4\d\d [\w ]+\r\nConnection: close\r\n\r\n$/;

/** Header lines in order of their names, and without what differs between two equal answers. */
const comparable = (answers: string): string[] =>
  answers
    .split(/(?=HTTP\/1\.1 \d{3} )/)
    .filter((answer) => answer !== '' && !REFUSAL.test(answer))
    .map((answer) => {
      const headEnd = answer.indexOf('\r\n\r\n');
      const [first, ...lines] = answer.slice(0, headEnd).split('\r\n');
      const body = answer.slice(headEnd + 4).replace(/"asOf":"[^"]+"/, '"asOf":"…"');
      return [first, ...lines.sort(), '', body]
        .join('\n')
        .replace(/^Date: .*$/m, 'Date: …')
        .replace(/^X-Request-Id: [0-9a-f]{8}-[0-9a-f-]{27}$/m, 'X-Request-Id: one of ours');
    });

/** Who says this is heard to the end, and closed. */
const LAST = 'GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';

/**
 * Where something can't be read, node:http drops answers to what came right before it, more or fewer as the bytes come.
 * So it is also asked with time between the heads: this is the most there is. All else is answered exactly as by node:http.
 */
async function expectSame(pieces: string[], apartMs = 8): Promise<string> {
  const [byFast, bySlow, atMost] = await Promise.all([
    talk(fast.port, pieces),
    talk(slow.port, pieces),
    talk(
      slow.port,
      pieces.flatMap((piece) => piece.split(/(?<=\r\n\r\n)/)),
      apartMs,
    ),
  ]);
  const [given, exactly, most] = [byFast, bySlow, atMost].map(comparable);
  try {
    if (bySlow.includes('"url":"/last"')) expect(given).toEqual(exactly);
    else expect(most!.slice(0, given!.length)).toEqual(given);
  } catch (error) {
    if (apartMs < 100) return expectSame(pieces, 100); // the machine may have been busy
    throw new Error(`Sent: ${JSON.stringify(pieces)}\n${(error as Error).message}`);
  }
  return byFast;
}

type Parts = { line?: string; headers?: string[] };
const gateLine = 'GET /v1/accounts/rich/gate HTTP/1.1';
const request = ({ line = gateLine, headers = [] }: Parts = {}): string =>
  [line, 'Host: a', `Authorization: ${key}`, ...headers, '', ''].join('\r\n');
const post = 'POST /other HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello';
const chunked = 'POST /other HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n';

const isPlain = (text: string): boolean => createPlainReader()(text, 0) !== null;

const plain: [name: string, text: () => string][] = [
  ['a gate', () => request()],
  ['of a suspended account', () => request({ line: 'GET /v1/accounts/poor/gate HTTP/1.1' })],
  ['authorize', () => request({ line: 'GET /v1/authorize HTTP/1.1', headers: ['X-Account-Id: rich'] })],
  ['authorize, denied', () => request({ line: 'GET /v1/authorize HTTP/1.1', headers: ['X-Account-Id: poor'] })],
  [
    'authorize with a path and a query',
    () =>
      request({
        line: 'POST /v1/authorize/v1/chat%20/%zz//..?a=b&c HTTP/1.1',
        headers: ['X-Account-Id: poor', 'Content-Length: 0'],
      }),
  ],
  ['a request id', () => request({ headers: ['X-Request-Id: mine'] })],
  ['a request id that is none', () => request({ headers: ['X-Request-Id: two words'] })],
  ['an empty request id', () => request({ headers: ['X-Request-Id:'] })],
  ['spaces around a value', () => request({ headers: ['X-Request-Id: \t mine \t '] })],
  ['a host that is empty', () => request().replace('Host: a', 'Host:')],
  ['keep-alive', () => request({ headers: ['Connection: Keep-Alive'] })],
  [
    'other headers, also twice',
    () => request({ headers: ['accept: */*', 'Cookie: a=b', 'Cookie: c=d', 'x-!#$%&\'*+-.^_`|~9: ("\\)'] }),
  ],
  ['an account that is not known', () => request({ line: 'GET /v1/accounts/nobody/gate HTTP/1.1' })],
  ['an escape in the id', () => request({ line: 'GET /v1/accounts/%72ich/gate HTTP/1.1' })],
  ['a query', () => request({ line: 'GET /v1/accounts/rich/gate?a=b HTTP/1.1' })],
  ['two slashes', () => request({ line: 'GET /v1/accounts//rich/gate HTTP/1.1' })],
  ['another case', () => request({ line: 'GET /v1/Accounts/rich/gate HTTP/1.1' })],
  ['another method', () => request({ line: 'DELETE /v1/accounts/rich/gate HTTP/1.1' })],
];

const odd: [name: string, text: () => string][] = [
  ['a body', () => `${request({ headers: ['Content-Length: 5'] })}hello`],
  ['two lengths', () => `${request({ headers: ['Content-Length: 0', 'Content-Length: 5'] })}hello`],
  ['the same length twice', () => request({ headers: ['Content-Length: 0', 'Content-Length: 0'] })],
  ['a length in a list', () => request({ headers: ['Content-Length: 0, 0'] })],
  ['a length of +0', () => request({ headers: ['Content-Length: +0'] })],
  ['a length behind a tab', () => request({ headers: ['Content-Length:\t0'] })],
  ['a length before a tab', () => request({ headers: ['Content-Length: 0\t'] })],
  ['a length between spaces', () => request({ headers: ['Content-Length:  0 '] })],
  ['a length of 00', () => request({ headers: ['Content-Length: 00'] })],
  ['an empty length', () => request({ headers: ['Content-Length:'] })],
  ['chunks', () => `${request({ headers: ['Transfer-Encoding: chunked'] })}5\r\nhello\r\n0\r\n\r\n`],
  [
    'chunks and a length',
    () => `${request({ headers: ['Content-Length: 0', 'Transfer-Encoding: chunked'] })}5\r\nhello\r\n0\r\n\r\n`,
  ],
  ['an unknown encoding', () => request({ headers: ['Transfer-Encoding: xchunked'] })],
  ['an encoding behind a tab', () => request({ headers: ['Transfer-Encoding:\tchunked'] })],
  ['a space before the colon', () => request({ headers: ['Transfer-Encoding : chunked'] })],
  ['a space before the name', () => request({ headers: [' Transfer-Encoding: chunked'] })],
  ['a folded header', () => request({ headers: ['X-A: b', '\tContent-Length: 5'] })],
  ['a bare LF', () => request({ headers: ['X-A: b\nContent-Length: 5'] })],
  ['a bare CR', () => request({ headers: ['X-A: b\rContent-Length: 5'] })],
  ['bare LFs only', () => request().replaceAll('\r\n', '\n')],
  ['an LF at the end of the head', () => request().replace(/\r\n\r\n$/, '\r\n\n')],
  ['two CRs', () => request({ headers: ['X-A: b\r'] })],
  ['NUL in a value', () => request({ headers: ['X-A: b\0c'] })],
  ['NUL in the target', () => request({ line: 'GET /v1/accounts/rich\0/gate HTTP/1.1' })],
  ['a value above 0x7e', () => request({ headers: ['X-A: b\x80\xff'] })],
  ['DEL', () => request({ headers: ['X-A: b\x7f'] })],
  ['a target above 0x7e', () => request({ line: 'GET /v1/accounts/rich\xe9/gate HTTP/1.1' })],
  ['no colon', () => request({ headers: ['X-A'] })],
  ['no name', () => request({ headers: [': x'] })],
  ['a name that can be none', () => request({ headers: ['X(A): b'] })],
  ['an upgrade', () => request({ headers: ['Connection: upgrade', 'Upgrade: websocket'] })],
  ['a close', () => request({ headers: ['Connection: close'] })],
  ['a close in a list', () => request({ headers: ['Connection: keep-alive, close'] })],
  ['a close for proxies', () => request({ headers: ['Proxy-Connection: close'] })],
  ['connection twice', () => request({ headers: ['Connection: keep-alive', 'Connection: close'] })],
  ['100-continue', () => request({ headers: ['Expect: 100-continue'] })],
  ['another expectation', () => request({ headers: ['Expect: wonders'] })],
  ['trailers', () => request({ headers: ['TE: trailers', 'Trailer: X-A'] })],
  ['two hosts', () => request({ headers: ['Host: b'] })],
  ['no host', () => `${gateLine}\r\nAuthorization: ${key}\r\n\r\n`],
  ['no header', () => `${gateLine}\r\n\r\n`],
  ['two keys', () => request({ headers: ['Authorization: Bearer other'] })],
  [
    'two accounts',
    () => request({ line: 'GET /v1/authorize HTTP/1.1', headers: ['X-Account-Id: rich', 'X-Account-Id: poor'] }),
  ],
  ['two request ids', () => request({ headers: ['X-Request-Id: a', 'X-Request-Id: b'] })],
  ['HTTP/1.0', () => request({ line: 'GET /v1/accounts/rich/gate HTTP/1.0' })],
  [
    'HTTP/1.0, kept alive',
    () => request({ line: 'GET /v1/accounts/rich/gate HTTP/1.0', headers: ['Connection: keep-alive'] }),
  ],
  ['HTTP/1.2', () => request({ line: 'GET /v1/accounts/rich/gate HTTP/1.2' })],
  ['HTTP/0.9', () => 'GET /v1/accounts/rich/gate\r\n\r\n'],
  ['HTTP/2', () => 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a method in lower case', () => request({ line: gateLine.replace('GET', 'get') })],
  ['no such method', () => request({ line: gateLine.replace('GET', 'GETS') })],
  ['HEAD', () => request({ line: gateLine.replace('GET', 'HEAD') })],
  ['HEAD of authorize', () => request({ line: 'HEAD /v1/authorize HTTP/1.1', headers: ['X-Account-Id: poor'] })],
  ['CONNECT', () => request({ line: 'CONNECT a:1 HTTP/1.1' })],
  ['an absolute target', () => request({ line: 'GET http://a/v1/accounts/rich/gate HTTP/1.1' })],
  ['a star', () => request({ line: 'OPTIONS * HTTP/1.1' })],
  ['a fragment', () => request({ line: 'GET /v1/accounts/rich/gate# HTTP/1.1' })],
  ['a backslash', () => request({ line: 'GET /v1\\accounts/rich/gate HTTP/1.1' })],
  ['two spaces', () => request({ line: gateLine.replace(' ', '  ') })],
  ['a tab for a space', () => request({ line: gateLine.replace(' ', '\t') })],
  ['a space at the end', () => request({ line: `${gateLine} ` })],
  ['a space at the beginning', () => ` ${request()}`],
  ['an empty line at the beginning', () => `\r\n${request()}`],
  ['a head of 9,000 bytes', () => request({ headers: [`X-A: ${'b'.repeat(9_000)}`] })],
  ['a head of 20,000 bytes', () => request({ headers: [`X-A: ${'b'.repeat(20_000)}`] })],
  [
    'a target of 20,000 bytes',
    () => request({ line: `GET /v1/authorize/${'a'.repeat(20_000)} HTTP/1.1`, headers: ['X-Account-Id: rich'] }),
  ],
  [
    '1,100 headers before the key',
    () =>
      request({ headers: Array.from({ length: 1_100 }, () => 'a:') }).replace(
        /(Authorization.*?\r\n)(.*)\r\n$/s,
        '$2$1\r\n',
      ),
  ],
  ['half a head', () => request().slice(0, 60)],
  ['a half line', () => gateLine.slice(0, 10)],
];

test.each(plain)('plain, and answered as node:http does: %s', async (_name, text) => {
  expect(isPlain(text())).toBe(true);
  await expectSame([text() + text() + LAST]);
});

test.each(odd)('not plain, and left to node:http: %s', async (_name, text) => {
  expect(isPlain(text())).toBe(false);
  // Alone, before another, and after one whose head the reader remembers.
  await expectSame([text() + LAST]);
  await expectSame([text() + request() + LAST]);
  await expectSame([request() + text() + request() + LAST]);
  await expectSame([request(), text() + LAST]);
});

test('plain requests never reach node:http, one or many to a chunk, the same or changing', async () => {
  const before = fast.readByHttp();
  const known = plain.slice(0, 12).map(([, text]) => text());
  const answers = await talk(fast.port, [known.join(''), known[0]!, known[0]! + known[1]!, ...known]);
  expect(comparable(answers)).toHaveLength(known.length * 2 + 3);
  expect(answers.match(/^HTTP\/1\.1 \d+/gm)!.every((line) => line !== 'HTTP/1.1 299')).toBe(true);
  expect(fast.readByHttp()).toBe(before);
});

test('answers come in the order of the questions, whoever gives them', async () => {
  const numbered = (n: number) => request({ headers: [`X-Request-Id: n${n}`] });
  const text = [0, 1, 2, 3].map(numbered).join('') + post + numbered(4) + chunked + numbered(5) + LAST;
  const answers = await expectSame([text]);
  expect(answers.match(/n\d(?=\r\n)|"url":"\/\w+"/g)).toEqual([
    'n0',
    'n1',
    'n2',
    'n3',
    '"url":"/other"',
    'n4',
    '"url":"/other"',
    'n5',
    '"url":"/last"',
  ]);
});

test('cut into two at any byte, gates and others are answered the same', async () => {
  const text =
    request() +
    request({ line: 'GET /v1/authorize HTTP/1.1', headers: ['X-Account-Id: poor'] }) +
    post +
    request() +
    LAST;
  const whole = comparable(await talk(slow.port, [text]));
  expect(whole).toHaveLength(5);
  const places = Array.from({ length: text.length - 1 }, (_, index) => index + 1);
  for (let from = 0; from < places.length; from += 20) {
    const cut = await Promise.all(
      places.slice(from, from + 20).map((place) => talk(fast.port, [text.slice(0, place), text.slice(place)])),
    );
    cut.forEach((answers) => expect(comparable(answers)).toEqual(whole));
  }
}, 60_000);

test('each byte, in a target, a name, a value, and a value that matters, is read the same', async () => {
  const bytes = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
  const texts = bytes.flatMap((byte) => [
    request({ line: `GET /v1/authorize/a${byte}b HTTP/1.1`, headers: ['X-Account-Id: rich'] }),
    request({ headers: [`X${byte}A: b`] }),
    request({ headers: [`X-A: b${byte}`] }),
    request({ headers: [`X-Request-Id: ${byte}b`] }),
    request({ headers: [`Content-Length: ${byte}0`] }),
    request({ headers: [`Content-Length: 0${byte}`] }),
    request({ headers: [`Connection: keep-alive${byte}`] }),
  ]);
  for (let from = 0; from < texts.length; from += 10)
    await Promise.all(texts.slice(from, from + 10).map((text) => expectSame([text + request() + LAST])));
}, 120_000);

/** Any of the above, with bytes of it changed, doubled, left out, and cut anywhere. */
const pieces = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...plain.map(([, text]) => text)) },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        ...odd.filter(([name]) => !name.includes('000')).map(([, text]) => text),
        () => post,
        () => chunked,
      ),
    },
  ),
  { minLength: 1, maxLength: 5 },
);
const change = fc.record({
  at: fc.nat(1_000),
  away: fc.nat(2),
  put: fc.constantFrom(
    '',
    '',
    '\r',
    '\n',
    '\r\n',
    ' ',
    '\t',
    ':',
    '\0',
    ',',
    'a',
    '0',
    '\x80',
    'Content-Length: 3\r\n',
    'Transfer-Encoding: chunked\r\n',
    'Host: b\r\n',
    'HTTP/1.1',
  ),
});

test(
  'whatever is sent, changed at random, is answered as by node:http',
  () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(pieces, fc.array(change, { maxLength: 2 }), fc.array(fc.nat(1_500), { maxLength: 2 })), {
          minLength: 10,
          maxLength: 10,
        }),
        async (cases) => {
          await Promise.all(
            cases.map(async ([texts, changes, cuts]) => {
              let text = texts.map((part) => part()).join('');
              for (const { at, away, put } of changes)
                text = text.slice(0, at % text.length) + put + text.slice((at % text.length) + away);
              text += LAST;
              const places = [0, ...cuts.map((cut) => cut % text.length).sort((a, b) => a - b), text.length];
              await expectSame(
                places
                  .slice(1)
                  .map((place, index) => text.slice(places[index], place))
                  .filter((piece) => piece !== ''),
              );
            }),
          );
        },
      ),
      { numRuns: 50 },
    ),
  120_000,
);
