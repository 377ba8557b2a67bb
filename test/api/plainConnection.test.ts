/** What node:http does for its connections beyond reading requests holds on the fast path, too. */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HotAnswer, HotPath } from '../../api/gate/hotPath';
import { open, startHotServer, talk, type HotServer } from '../support/hotServer';
import { until } from '../support/notices';
import { openAccount, startTestApi } from '../support/api';

const block = { list: ['Cache-Control', 'no-store'], text: 'Cache-Control: no-store\r\n' };
const gate: HotAnswer = { status: 200, headers: block, body: '{"allowed":true}' };
/** A memory that knows one key, and another once it was looked up: as long as `lookUp` takes. */
let known: Set<string | undefined>;
let lookUp: () => Promise<void>;
const hotPath: HotPath = {
  answer: (_method, target, { authorization }) =>
    known.has(authorization) && target.endsWith('/gate') ? gate : undefined,
  learnKey: ({ authorization }) =>
    known.has(authorization)
      ? null
      : lookUp().then(
          () => void known.add(authorization),
          () => {},
        ),
};
const ask = (key = 'known', id = 'n') =>
  `GET /v1/accounts/a/gate HTTP/1.1\r\nHost: a\r\nAuthorization: ${key}\r\nX-Request-Id: ${id}\r\n\r\n`;
const idsIn = (answers: string): string[] => answers.match(/(?<=X-Request-Id: )\w+/g) ?? [];

let hot: HotServer;
beforeEach(() => {
  known = new Set(['known']);
  lookUp = async () => {};
});
afterEach(() => hot.close());

test('a key that is not in memory is looked up once, in its turn, and the connection stays fast', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  lookUp = () => sleep(5);
  expect(
    idsIn(
      await talk(hot.port, [
        ask('known', 'a') + ask('new', 'b') + ask('known', 'c'),
        ask('new', 'd'),
        ask('known', 'e'),
      ]),
    ),
  ).toEqual(['a', 'b', 'c', 'd', 'e']);
  expect(hot.readByHttp()).toBe(0);
});

test('a key that stays unknown is left to node:http, with all that came after it', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  lookUp = () => sleep(5).then(() => Promise.reject(new Error('no such key')));
  const answers = await talk(hot.port, [ask('known', 'a') + ask('bad', 'b') + ask('known', 'c'), ask('known', 'd')]);
  expect(idsIn(answers)).toEqual(['a', 'c', 'd']);
  expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 299', 'HTTP/1.1 200', 'HTTP/1.1 200']);
  expect(hot.readByHttp()).toBe(3);
});

test('a connection on which nothing comes is closed after the keep-alive time; a request begun too slowly is refused', async () => {
  hot = await startHotServer(hotPath, {
    isFast: true,
    keepAliveMs: 300,
    headersTimeout: 400,
    requestTimeout: 400,
    connectionsCheckingInterval: 50,
  });
  const [silent, quiet, slow] = await Promise.all([open(hot.port), open(hot.port), open(hot.port)]);
  const heard: string[] = [];
  slow.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
  quiet.resume().write(ask());
  slow.write(ask() + ask().slice(0, 30));
  silent.resume();
  await Promise.all([once(silent, 'close'), once(quiet, 'close'), once(slow, 'close')]);
  expect(heard.join('')).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /);
});

test('who asks and does not read is not heard any more until they do, and then gets every answer in order', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  const accepted = once(hot.server, 'connection');
  const caller = await open(hot.port);
  const [socket] = await accepted;
  let count = 0;
  const some = () => Array.from({ length: 500 }, () => ask('known', `n${count++}`)).join('');
  while (caller.write(some())) await sleep(0);
  for (let turns = 0; turns < 50; turns++) {
    caller.write(some());
    await sleep(2);
  }
  expect(socket.isPaused()).toBe(true);
  expect(socket.writableLength).toBeLessThan(1024 * 1024);
  expect(caller.writableLength).toBeGreaterThan(0);
  let answers = '';
  caller.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1')));
  const last = `X-Request-Id: n${count - 1}\r\n`;
  await until(() => answers.slice(-1_000).includes(last), Boolean, 30_000);
  expect(idsIn(answers)).toEqual(Array.from({ length: count }, (_, n) => `n${n}`));
  caller.destroy();
}, 60_000);

test('a caller that ends its side gets its answers and the end; one that breaks off does no harm', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  const [caller, broken] = await Promise.all([open(hot.port), open(hot.port)]);
  let answers = '';
  caller.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1'))).end(ask() + ask());
  broken.write(ask().repeat(1_000));
  broken.resetAndDestroy();
  await once(caller, 'close');
  expect(idsIn(answers)).toHaveLength(2);
  expect(idsIn(await talk(hot.port, [ask()]))).toHaveLength(1);
});

test('closing: idle connections end, one that waits for its answer gets it first', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  const [idle, asking] = await Promise.all([open(hot.port), open(hot.port)]);
  idle.resume().write(ask());
  await once(idle, 'data');
  let found = (): void => {};
  const isLookedUp = new Promise<void>((asked) => {
    lookUp = () => {
      asked();
      return new Promise((resolve) => (found = resolve));
    };
  });
  asking.write(ask('new'));
  let answers = '';
  asking.on('data', (chunk: Buffer) => (answers += chunk.toString('latin1')));
  await isLookedUp;
  const idleClosed = once(idle, 'close');
  hot.plain!.closeIdle();
  await idleClosed;
  expect(answers).toBe('');
  found();
  await until(
    () => idsIn(answers).length,
    (length) => length === 1,
  );
  const closed = once(asking, 'close');
  hot.plain!.closeIdle();
  await closed;
});

test('the limit of connections counts those of the fast path', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  hot.server.maxConnections = 2;
  const kept = await Promise.all([open(hot.port), open(hot.port)]);
  for (const socket of kept) {
    socket.write(ask());
    await once(socket, 'data');
  }
  const third = await open(hot.port);
  third.on('error', () => {}).resume();
  await once(third, 'close');
  kept.forEach((socket) => socket.destroy());
});

test('RAW_GATES an API that stops ends the fast connections, idle and waiting, and is then closed', async () => {
  hot = await startHotServer(hotPath, { isFast: true });
  const api = await startTestApi({ rawGates: true });
  const { id } = await openAccount(api, '1.00');
  const port = Number(new URL(api.url).port);
  const [used, silent] = await Promise.all([open(port), open(port)]);
  used.write(`GET /v1/accounts/${id}/gate HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${api.service}\r\n\r\n`);
  expect(String((await once(used, 'data'))[0])).toMatch(/^HTTP\/1\.1 200 /);
  const closed = Promise.all([once(used, 'close'), once(silent.resume(), 'close')]);
  used.resume();
  await api.close();
  await closed;
});
