/** What the replica makes of a stream that misbehaves, as a real API can't be made to on demand. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Gate } from '../../client';
import { createGate, type RunningGate } from '../../client/gate';
import { readEvents } from '../../client/sse';
import { until } from '../support/notices';

type Asked = { headers: IncomingHttpHeaders; stream: ServerResponse };
let asked: Asked[];
let gate: RunningGate;
let errors: Error[];
let nowMs: number;
/** For which the machine was suspended: its clock counts them, its durations do not. */
let sleptMs: number;
const server = createServer((request, stream) => {
  stream.writeHead(200, { 'Content-Type': 'text/event-stream' }).flushHeaders();
  asked.push({ headers: request.headers, stream });
});
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterAll(() => void server.close());
beforeEach(() => {
  asked = [];
  errors = [];
  nowMs = 1_000_000;
  sleptMs = 0;
});
afterEach(async () => {
  await gate.close();
  server.closeAllConnections();
});

async function follow(options: Parameters<typeof createGate>[0] = {}): Promise<ServerResponse> {
  const { port } = server.address() as AddressInfo;
  gate = createGate(options, {
    connection: { url: `http://127.0.0.1:${port}`, key: 'key', timeoutMs: 20_000 },
    onError: (error) => errors.push(error),
    now: () => nowMs,
    wall: () => 1_700_000_000_000 + nowMs + sleptMs,
  });
  return connection(1);
}
const connection = async (nth: number): Promise<ServerResponse> => (await until(() => asked[nth - 1], Boolean))!.stream;

const gateOf = (accountId: string, version: number, allowed = true, more: Partial<Gate> = {}): Gate => ({
  accountId,
  allowed,
  state: allowed ? 'ok' : 'suspended',
  reasons: allowed ? [] : ['balance_exhausted'],
  version,
  asOf: new Date().toISOString(),
  ...more,
});
const send = (stream: ServerResponse, event: string, data: unknown, id?: string) =>
  stream.write(`${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
const snapshot = (stream: ServerResponse, gates: Gate[], done = true, id = '1') =>
  done ? send(stream, 'snapshot', { gates, done }, id) : send(stream, 'snapshot', { gates });
/** As the API sends them: each tells when it last looked at its database. */
const beat = (stream: ServerResponse, id?: string, asOfMs = (looks += 1)) =>
  send(stream, 'heartbeat', { asOf: new Date(asOfMs).toISOString() }, id);
let looks = Date.now();
const known = (accountId: string, version: number) =>
  until(
    () => gate.get(accountId)?.version,
    (seen) => seen === version,
  );

test('S6 nobody is let through before the last page of the snapshot, also under fail_open', async () => {
  const stream = await follow({ policy: 'fail_open' });
  snapshot(stream, [gateOf('a', 1)], false);
  await known('a', 1);
  expect(gate.allows('a')).toBe(false);
  expect(gate.check('a')).toEqual({ allowed: false, because: 'gate_stale' });
  expect(gate.stalenessMs()).toBe(Infinity);
  await expect(gate.ready(20)).rejects.toMatchObject({ code: 'unreachable' });
  snapshot(stream, [gateOf('b', 1, false)], true, '7');
  await gate.ready(20_000);
  expect([gate.allows('a'), gate.allows('b'), gate.allows('c')]).toEqual([true, false, false]);
  expect(gate.check('b')).toMatchObject({ because: 'suspended', gate: { reasons: ['balance_exhausted'] } });
  expect(gate.check('c')).toEqual({ allowed: false, because: 'unknown_account' });
  expect(gate.size).toBe(2);
});

test('S4 an older version never replaces a newer one, from whichever way it comes', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 5)], true);
  await gate.ready(20_000);
  gate.learn([gateOf('a', 6, false, { retryAfterSeconds: 3 })]);
  expect(gate.allows('a')).toBe(false);
  send(stream, 'gate', gateOf('a', 5));
  send(stream, 'gate', gateOf('b', 1), '2');
  await known('b', 1);
  expect(gate.get('a')).toMatchObject({ allowed: false, version: 6, retryAfterSeconds: 3 });
  nowMs += 1_500;
  expect(gate.get('a')).toMatchObject({ retryAfterSeconds: 2 });
  send(stream, 'gate', gateOf('a', 7));
  await known('a', 7);
  expect(gate.get('a')).not.toHaveProperty('retryAfterSeconds');
});

test('S6 a lost stream is resumed where it was, and what was missed arrives', async () => {
  const stream = await follow();
  expect(asked[0]!.headers).toMatchObject({ authorization: 'Bearer key', accept: 'text/event-stream' });
  expect(asked[0]!.headers).not.toHaveProperty('last-event-id');
  snapshot(stream, [gateOf('a', 1)], true, '10');
  send(stream, 'gate', gateOf('a', 2), '11');
  await known('a', 2);
  stream.destroy();
  const again = await connection(2);
  expect(asked[1]!.headers['last-event-id']).toBe('11');
  send(again, 'gate', gateOf('a', 3, false), '12');
  await known('a', 3);
  expect(gate.allows('a')).toBe(false);
});

test('S6 a snapshot of another epoch replaces all that is known, lower versions too, when it is complete', async () => {
  const stream = await follow({ policy: 'fail_open' });
  send(stream, 'snapshot', { epoch: 'one', gates: [gateOf('a', 50), gateOf('b', 7)] });
  send(stream, 'snapshot', { epoch: 'one', gates: [], done: true }, '90.one');
  await gate.ready(20_000);
  gate.learn([gateOf('b', 8, false)], 'one');
  expect([gate.allows('a'), gate.allows('b')]).toEqual([true, false]);
  stream.destroy();
  const again = await connection(2);
  expect(asked[1]!.headers['last-event-id']).toBe('90.one');
  send(again, 'snapshot', { epoch: 'two', gates: [gateOf('a', 3, false), gateOf('c', 1)] });
  // Meanwhile the known answers are used, except where an answer of the new epoch says otherwise.
  await until(
    () => (gate.learn([gateOf('b', 2)], 'two'), gate.get('b')?.version),
    (version) => version === 2,
  );
  expect([gate.allows('a'), gate.allows('b'), gate.allows('c')]).toEqual([true, true, false]);
  nowMs += 60_000;
  expect([gate.allows('a'), gate.stalenessMs()]).toEqual([true, expect.any(Number)]);
  send(again, 'snapshot', { epoch: 'two', gates: [], done: true }, '12.two');
  await until(() => gate.allows('c'), Boolean);
  expect([gate.allows('a'), gate.allows('b')]).toEqual([false, true]);
  gate.learn([gateOf('a', 51)], 'one');
  expect(gate.allows('a')).toBe(false);
  gate.learn([gateOf('a', 4)], 'two');
  expect(gate.allows('a')).toBe(true);
});

test('S6 a stream lost in the middle of a snapshot begins anew', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1)], false);
  beat(stream);
  await known('a', 1);
  stream.destroy();
  await connection(2);
  expect(asked[1]!.headers).not.toHaveProperty('last-event-id');
});

test('S6 what a resumed stream replays is no proof of freshness: the first event with an id is', async () => {
  const stream = await follow({ staleMsMax: 10_000 });
  snapshot(stream, [gateOf('a', 1)], true, '1');
  await gate.ready(20_000);
  stream.destroy();
  const again = await connection(2);
  nowMs += 11_000;
  send(again, 'gate', gateOf('b', 1));
  beat(again);
  await known('b', 1);
  expect(gate.stalenessMs()).toBeGreaterThanOrEqual(11_000);
  expect(gate.allows('a')).toBe(false);
  beat(again, '2', Date.now());
  await until(() => gate.allows('a'), Boolean);
});

test('S6 past the limit fail_closed denies with gate_stale; fail_open lets the last answer stand, and still denies the unknown', async () => {
  const first = await follow({ staleMsMax: 10_000 });
  snapshot(first, [gateOf('a', 1), gateOf('b', 1, false)], true);
  await gate.ready(20_000);
  nowMs += 10_000;
  await sleep(0);
  expect(gate.allows('a')).toBe(true);
  nowMs += 1;
  await sleep(0);
  expect(gate.allows('a')).toBe(false);
  expect(gate.check('a')).toEqual({ allowed: false, because: 'gate_stale' });
  expect(gate.get('a')).toMatchObject({ allowed: true, version: 1 });
  await gate.close();

  asked = [];
  const open = await follow({ staleMsMax: 10_000, policy: 'fail_open' });
  snapshot(open, [gateOf('a', 1), gateOf('b', 1, false)], true);
  await gate.ready(20_000);
  nowMs += 3_600_000;
  await sleep(0);
  expect(['a', 'b', 'c'].map(gate.allows)).toEqual([true, false, false]);
  expect(gate.stalenessMs()).toBe(3_600_000);
});

test('S6 an API that has lost its database and goes on sending does not keep the replica fresh', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1)]);
  await gate.ready(20_000);
  const lastLookMs = Date.now();
  beat(stream, '2', lastLookMs);
  send(stream, 'gate', gateOf('c', 1), undefined);
  await known('c', 1);
  nowMs += 6_000;
  beat(stream, '2', lastLookMs);
  send(stream, 'gate', gateOf('b', 1, true, { asOf: new Date(lastLookMs).toISOString() }), '2');
  await known('b', 1);
  expect(gate.stalenessMs()).toBe(6_000);
  beat(stream, '2', lastLookMs + 1);
  await until(
    () => gate.stalenessMs(),
    (ms) => ms === 0,
  );
});

test('S6 of a machine that was suspended the replica is stale, until it hears what was sent since', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1)]);
  await gate.ready(20_000);
  sleptMs = 3_600_000;
  await sleep(0);
  expect([gate.allows('a'), gate.stalenessMs()]).toEqual([false, 3_600_000]);

  // What had come before is read now.
  beat(stream, '2');
  send(stream, 'gate', gateOf('b', 1), '3');
  await known('b', 1);
  expect([gate.allows('a'), gate.stalenessMs()]).toEqual([false, 3_600_000]);

  nowMs += 5_000;
  beat(stream, '4');
  await until(() => gate.allows('a'), Boolean);
  expect(gate.stalenessMs()).toBe(0);
});

test('S6 a clock that is set back or corrected makes nothing stale', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1)]);
  await gate.ready(20_000);
  for (const jumpMs of [4_000, -3_600_000]) {
    sleptMs += jumpMs;
    await sleep(0);
    expect([gate.allows('a'), gate.stalenessMs()]).toEqual([true, 0]);
  }
});

test('S6 a snapshot from an API that lost its database long ago is as old as that', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1, true, { asOf: new Date(Date.now() - 60_000).toISOString() })]);
  await known('a', 1);
  await until(
    () => gate.stalenessMs(),
    (ms) => ms > 58_000 && ms < 65_000,
  );
  expect(gate.check('a')).toEqual({ allowed: false, because: 'gate_stale' });
});

test('S6 an API that tells its time is as old as it says, whatever its clock shows and however often it says so', async () => {
  const stream = await follow();
  const timesMs = (agoMs: number, ofMs = Date.UTC(2001, 0, 1)) => ({
    asOf: new Date(ofMs - agoMs).toISOString(),
    at: new Date(ofMs).toISOString(),
  });
  send(stream, 'snapshot', { gates: [gateOf('a', 1)] });
  send(stream, 'snapshot', { gates: [], done: true, ...timesMs(9_000) }, '1');
  await gate.ready(20_000);
  expect(gate.stalenessMs()).toBe(9_000);
  expect(gate.allows('a')).toBe(true);
  nowMs += 5_000; // the API has not looked again
  send(stream, 'heartbeat', timesMs(14_000), '1');
  send(stream, 'gate', gateOf('b', 1), undefined);
  await known('b', 1);
  expect(gate.stalenessMs()).toBe(14_000);
  expect(gate.check('a')).toEqual({ allowed: false, because: 'gate_stale' });
  send(stream, 'heartbeat', timesMs(200), '2'); // it has; its clock was set back meanwhile
  await until(
    () => gate.stalenessMs(),
    (ms) => ms === 200,
  );
  send(stream, 'heartbeat', timesMs(-3_600_000), '2');
  await until(
    () => gate.stalenessMs(),
    (ms) => ms === 0,
  );
  send(stream, 'heartbeat', { asOf: 'then', at: 'now' }, '3');
  send(stream, 'gate', gateOf('c', 1), '3');
  await known('c', 1);
  expect(gate.stalenessMs()).toBe(0);
});

test('S6 a connection that says nothing is given up and made anew', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1)], true, '1');
  await gate.ready(20_000);
  await until(
    () => asked.length,
    (n) => n === 2,
  );
  expect(errors.at(-1)!.message).toContain('nothing came for 7500 ms');
});

test('garbage on the stream is an error like a lost connection, and loses nothing that is known', async () => {
  const stream = await follow();
  snapshot(stream, [gateOf('a', 1)], true, '1');
  await gate.ready(20_000);
  stream.write('event: gate\ndata: {"accountId":\n\n');
  await connection(2);
  expect(errors.at(-1)).toMatchObject({ code: 'unreachable' });
  expect(gate.allows('a')).toBe(true);
});

test('events are read whatever way they are cut into pieces, with LF or CRLF, with comments between', async () => {
  const text = 'event: gate\r\nid: 5\r\ndata: {"a":\r\ndata: "ü"}\r\n\r\n: comment\n\ndata:x\n\nevent: none\n\n';
  const bytes = Buffer.from(text);
  for (const size of [1, 2, 3, 7, bytes.length]) {
    const events = [];
    let pieces = 0;
    const body = (async function* () {
      for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
    })();
    for await (const event of readEvents(body, () => pieces++)) events.push(event);
    expect(events).toEqual([
      { event: 'gate', data: '{"a":\n"ü"}', id: '5' },
      { event: 'message', data: 'x', id: null },
    ]);
    expect(pieces).toBe(Math.ceil(bytes.length / size));
  }
  await follow();
});

test('S6 ready() without a limit of time waits, and rejects when the client is closed', async () => {
  await follow();
  let isOver = false;
  const unlimited = gate.ready(Infinity).finally(() => (isOver = true));
  const waiting = [gate.ready(), unlimited].map((ready) => expect(ready).rejects.toMatchObject({ code: 'closed' }));
  await sleep(30);
  expect(isOver).toBe(false);
  await gate.close();
  await Promise.all(waiting);
  await expect(gate.ready()).rejects.toMatchObject({ code: 'closed' });
});
