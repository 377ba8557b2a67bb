import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import pino from 'pino';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createClock } from '../../ledger/clock';
import { createGateCache } from '../../api/gate/gateCache';
import { createGateStreams } from '../../api/gate/gateStream';
import type { Gate } from '../../domain/gate';
import { adjust, openAccount, startTestApi, type TestApi } from '../support/api';
import { credit, openAccount as openInLedger } from '../support/ledgerAccount';
import { until } from '../support/notices';

let api: TestApi;
let other: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  other = await startTestApi({ database: api.database });
});
afterAll(async () => {
  await other.close();
  await api.close();
});

type Event = { event: string; id?: string; data: any };

/** What a replica does: keeps the newest gate of each account and the last id. */
class Subscriber {
  readonly gates = new Map<string, Gate>();
  readonly events: Event[] = [];
  lastId: string | undefined;
  ended = false;
  private constructor(readonly response: IncomingMessage) {
    let unread = '';
    response.setEncoding('utf8').on('data', (chunk: string) => {
      const parts = (unread + chunk).split('\n\n');
      unread = parts.pop()!;
      for (const part of parts) this.take(part);
    });
    response.on('error', () => {}).on('close', () => (this.ended = true));
  }

  static open(url: string, key: string | undefined, lastId?: string): Promise<Subscriber> {
    const headers = {
      ...(key !== undefined && { Authorization: `Bearer ${key}` }),
      ...(lastId !== undefined && { 'Last-Event-ID': lastId }),
    };
    return new Promise((resolve, reject) =>
      get(`${url}/v1/gates/stream`, { headers, agent: false }, (response) => resolve(new Subscriber(response))).on(
        'error',
        reject,
      ),
    );
  }

  private take(part: string): void {
    const fields = Object.fromEntries(
      part.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
    );
    if (fields.event === undefined) return;
    const event: Event = {
      event: fields.event,
      ...(fields.id !== undefined && { id: fields.id }),
      data: JSON.parse(fields.data!),
    };
    this.events.push(event);
    for (const gate of (event.event === 'snapshot'
      ? event.data.gates
      : event.event === 'gate'
        ? [event.data]
        : []) as Gate[]) {
      if (gate.version > (this.gates.get(gate.accountId)?.version ?? 0)) this.gates.set(gate.accountId, gate);
    }
    this.lastId = event.id ?? this.lastId;
  }

  hasSnapshot = () =>
    until(() => this.events.some(({ event, data }) => event === 'snapshot' && data.done === true), Boolean);
  /** Ends the stream at once, in the middle of whatever was being sent. */
  cut(): void {
    this.response.destroy();
  }
}

const subscribe = (where: TestApi, lastId?: string) => Subscriber.open(where.url, where.service, lastId);

test('a snapshot in pages, then each change at once, from this process and from others', async () => {
  const { id } = await openAccount(api, '10.00');
  await api.database.pool.query(
    `insert into accounts (id, name, tier) select 'page-' || n, 'Page', 'standard' from generate_series(1, 1200) n`,
  );
  await api.database.pool.query(`insert into balances (account_id) select id from accounts where name = 'Page'`);
  // Both processes know all of them by now: what they learn later they would tell one by one.
  for (const probe of await Promise.all([subscribe(api), subscribe(other)])) {
    await until(
      () => probe.gates.size,
      (known) => known >= 1_201,
    );
    probe.cut();
  }
  const subscribers = await Promise.all([subscribe(api), subscribe(other)]);
  for (const subscriber of subscribers) {
    expect(subscriber.response.headers).toMatchObject({
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
    });
    await subscriber.hasSnapshot();
    expect(subscriber.events.filter(({ event }) => event === 'snapshot').length).toBeGreaterThanOrEqual(3);
    expect(subscriber.gates.size).toBeGreaterThanOrEqual(1_201);
    expect(subscriber.gates.get(id)).toMatchObject({
      accountId: id,
      allowed: true,
      state: 'ok',
      reasons: [],
      asOf: expect.any(String),
    });
  }
  await adjust(api, id, '-10.00');
  for (const subscriber of subscribers) {
    await until(
      () => subscriber.gates.get(id)!.allowed,
      (allowed) => !allowed,
    );
    subscriber.cut();
  }
});

test('only the platform may follow all gates; a stream ends when its key is revoked', async () => {
  const { id: accountId, owner } = await openAccount(api, '1.00');
  expect(accountId).toBeDefined();
  expect((await Subscriber.open(api.url, owner)).response.statusCode).toBe(403);
  expect((await Subscriber.open(api.url, api.admin)).response.statusCode).toBe(403);
  expect((await Subscriber.open(api.url, undefined)).response.statusCode).toBe(401);
  const { body: made } = await api.ask('POST', '/v1/keys', {
    key: api.admin,
    body: { role: 'service', name: 'replica' },
  });
  const subscribers = await Promise.all([Subscriber.open(api.url, made.key), Subscriber.open(other.url, made.key)]);
  await Promise.all(subscribers.map((subscriber) => subscriber.hasSnapshot()));
  await api.ask('DELETE', `/v1/keys/${made.id}`, { key: api.admin });
  for (const subscriber of subscribers) await until(() => subscriber.ended, Boolean);
});

test('S6 who comes back with Last-Event-ID misses nothing, whenever it was cut and wherever it comes back', async () => {
  const accounts = await Promise.all(Array.from({ length: 8 }, () => openAccount(api, '1.00')));
  let changing = true;
  const change = async ({ id }: { id: string }, place: number) => {
    const where = place % 2 === 0 ? api : other;
    for (let paid = true; changing; paid = !paid) await adjust(where, id, paid ? '-1.00' : '1.00');
  };
  const changes = Promise.all(accounts.map(change));

  let replica = await subscribe(api);
  await replica.hasSnapshot();
  let snapshots = 0;
  const known = replica.gates;
  for (let round = 0; round < 25; round++) {
    await sleep(Math.random() * 60);
    replica.cut();
    await sleep(Math.random() * 60);
    replica = await subscribe(round % 2 === 0 ? other : api, replica.lastId);
    // It goes on from what it knows, as a replica does.
    for (const [id, gate] of known)
      if (gate.version > (replica.gates.get(id)?.version ?? 0)) replica.gates.set(id, gate);
    await until(
      () => replica.lastId,
      (id) => id !== undefined,
    );
    replica.gates.forEach((gate, id) => known.set(id, gate));
    snapshots += replica.events.filter(({ event }) => event === 'snapshot').length;
  }
  changing = false;
  await changes;

  // Cut once more and changed while nobody listens: only the resumption can tell of it.
  const { lastId } = replica;
  replica.cut();
  await adjust(api, accounts[0]!.id, '5.00');
  const last = await subscribe(other, lastId);
  replica.gates.forEach((gate, id) =>
    last.gates.set(id, last.gates.has(id) && last.gates.get(id)!.version > gate.version ? last.gates.get(id)! : gate),
  );
  const { rows } = await api.database.pool.query<{ account_id: string; gate_version: bigint; gate_state: string }>(
    'select account_id, gate_version, gate_state from balances',
  );
  const truth = Object.fromEntries(rows.map((row) => [row.account_id, [Number(row.gate_version), row.gate_state]]));
  await until(
    () => Object.fromEntries([...last.gates].map(([id, gate]) => [id, [gate.version, gate.state]])),
    (seen) => accounts.every(({ id }) => seen[id]![0] === truth[id]![0]),
  );
  expect(Object.fromEntries([...last.gates].map(([id, gate]) => [id, [gate.version, gate.state]]))).toEqual(truth);
  expect(snapshots).toBe(0);
  last.cut();
});

test('S6 an id is sent only after all that it stands for: a late commit is told after a resumption, too', async () => {
  const { id } = await openAccount(api, '10.00');
  const { id: quick } = await openAccount(api, '10.00');
  const first = await subscribe(other);
  await first.hasSnapshot();
  const client = await api.database.pool.connect();
  await client.query('begin');
  await client.query("update balances set set_reasons = '{admin_suspended}' where account_id = $1", [id]);
  await adjust(api, quick, '-10.00');
  await until(
    () => first.gates.get(quick)!.allowed,
    (allowed) => !allowed,
  );
  first.cut();
  await client.query('commit');
  client.release();
  const second = await subscribe(api, first.lastId);
  await until(
    () => second.gates.get(id)?.reasons,
    (reasons) => reasons?.[0] === 'admin_suspended',
  );
  expect(second.events.filter(({ event }) => event === 'snapshot')).toHaveLength(0);
  second.cut();
});

test.each(['', 'abc', '-1', '99999999999999999999999', '9999999999999999999', '1.5f3e-1-2'])(
  'an id "%s" that is none, or of another history, begins with a snapshot',
  async (lastId) => {
    const replica = await subscribe(api, lastId);
    await replica.hasSnapshot();
    expect(replica.lastId).toMatch(/^\d+\.[0-9a-f-]+$/);
    replica.cut();
  },
);

test('300 subscribers are told of each change', async () => {
  const { id } = await openAccount(api, '10.00');
  const subscribers = await Promise.all(
    Array.from({ length: 300 }, (_, index) => subscribe(index % 2 === 0 ? api : other)),
  );
  await Promise.all(subscribers.map((subscriber) => subscriber.hasSnapshot()));
  await adjust(api, id, '-10.00');
  for (const subscriber of subscribers)
    await until(
      () => subscriber.gates.get(id)!.allowed,
      (allowed) => !allowed,
    );
  subscribers.forEach((subscriber) => subscriber.cut());
});

/** Streams of a process of their own, with other times and buffers. */
async function serve(
  options: { heartbeatMs?: number; bufferBytesMax?: number },
  work: (url: string, server: Server) => Promise<void>,
): Promise<void> {
  const { pool, url: databaseUrl } = api.database;
  const log = pino({ level: 'silent' });
  const gates = createGateCache({ pool, databaseUrl, log, clock: createClock() });
  await gates.start();
  const streams = createGateStreams({ pool, gates, log, ...options });
  const server = createServer((request, response) =>
    streams.open(response, request.headers['last-event-id'] as string | undefined, async () => true),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, server);
  } finally {
    streams.close();
    server.closeAllConnections();
    server.close();
    await gates.close();
  }
}

const changeAllPages = (round: number) =>
  api.database.pool.query(`update balances set set_reasons = $1 where account_id like 'page-%'`, [
    round % 2 === 0 ? ['admin_suspended'] : [],
  ]);

test('heartbeats tell how old the gates are, and carry the id on', () =>
  serve({ heartbeatMs: 100 }, async (url) => {
    const replica = await Subscriber.open(url, undefined);
    const [first] = await until(
      () => replica.events.filter(({ event, id }) => event === 'heartbeat' && id !== undefined),
      (beats) => beats.length >= 3,
    );
    expect(first).toEqual({
      event: 'heartbeat',
      id: expect.stringMatching(/^\d+\.[0-9a-f-]+$/),
      data: { asOf: expect.stringMatching(/^\d{4}-.*Z$/), at: expect.stringMatching(/^\d{4}-.*Z$/) },
    });
    const last = replica.events.find(({ data }) => data.done === true)!;
    for (const { asOf, at } of [first!.data, last.data]) {
      expect(Date.parse(at) - Date.parse(asOf)).toBeGreaterThanOrEqual(0);
      expect(Date.parse(at) - Date.parse(asOf)).toBeLessThan(10_000);
    }
    const before = replica.lastId!;
    await openAccount(api, '10.00');
    const markOf = (id: string): bigint => BigInt(id.split('.')[0]!);
    await until(() => markOf(replica.lastId!) > markOf(before), Boolean);
    replica.cut();
  }));

test('a subscriber that does not keep up is dropped, the others are not kept waiting, and it can resume', () =>
  serve({ heartbeatMs: 100 }, async (url, server) => {
    const connections = () =>
      new Promise<number>((resolve, reject) =>
        server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
      );
    const own = await openInLedger(api.database.pool);
    await credit(api.database.pool, own, '10.00');
    const [slow, quick] = await Promise.all([Subscriber.open(url, undefined), Subscriber.open(url, undefined)]);
    await Promise.all([slow.hasSnapshot(), quick.hasSnapshot()]);
    slow.response.pause();
    const { lastId } = slow;
    for (let round = 0; round < 400 && (await connections()) > 1; round++) await changeAllPages(round);
    expect(await connections()).toBe(1);
    await credit(api.database.pool, own, '-10.00');
    await until(
      () => quick.gates.get(own)!.allowed,
      (allowed) => !allowed,
    );
    slow.response.resume();
    await until(() => slow.ended, Boolean);
    const again = await Subscriber.open(url, undefined, lastId);
    await until(
      () => again.gates.get(own)?.allowed,
      (allowed) => allowed === false,
    );
    expect(again.events.some(({ event }) => event === 'snapshot')).toBe(false);
    again.cut();
    quick.cut();
  }));

test('more than fits the buffer is sent at the pace of who resumes', () =>
  serve({ bufferBytesMax: 32 * 1024 }, async (url) => {
    const replica = await Subscriber.open(url, undefined);
    await replica.hasSnapshot();
    replica.cut();
    await changeAllPages(1);
    await changeAllPages(0);
    const again = await Subscriber.open(url, undefined, replica.lastId);
    await until(
      () => [...again.gates.values()].filter(({ reasons }) => reasons.includes('admin_suspended')).length,
      (count) => count >= 1_200,
    );
    expect(again.events.some(({ event }) => event === 'snapshot')).toBe(false);
    again.cut();
  }));
