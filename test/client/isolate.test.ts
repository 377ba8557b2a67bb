/** A server that fails on one event: the others are taken within seconds, and nothing is lost in silence. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientOptions } from '../../client';
import { openAccount, putModel, startTestApi, type TestApi } from '../support/api';
import { until } from '../support/notices';
import { times } from '../support/times';
import { charged, notedClient, type NotedClient } from './support';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await putModel(api);
});
afterAll(() => api.close());

/** What the front answers by itself: a status, or nothing, with the connection cut. Null: the API answers. */
type OwnAnswer = number | 'cut' | null;
type Front = { url: string; server: Server; answer: (body: string) => OwnAnswer; requests: number };

/** Stands before the API, and answers by itself what `answer` gives, if it gives something. */
async function startFront(): Promise<Front> {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const front: Front = { url: `http://127.0.0.1:${port}`, server, answer: () => null, requests: 0 };
  return front;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString();
    front.requests += 1;
    const own = front.answer(body);
    if (own === 'cut') return void request.socket.destroy();
    if (own !== null) return void response.writeHead(own).end();
    const { authorization = '' } = request.headers;
    const headers = { authorization, 'content-type': 'application/json' };
    const answer = await fetch(api.url + request.url!, { method: request.method!, headers, body });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  }
}

type Scene = { id: string; front: Front; client: NotedClient };

/** An account, and a client whose requests go through a front of its own: the tests wait for pauses, all at the same time. */
async function inScene(options: Partial<ClientOptions>, play: (scene: Scene) => Promise<void>): Promise<void> {
  const [{ id }, front] = await Promise.all([openAccount(api, '100.00'), startFront()]);
  const client = notedClient({ url: front.url, key: api.service, ...options });
  try {
    await play({ id, front, client });
  } finally {
    await client.close(0).catch(() => undefined);
    front.server.closeAllConnections();
    front.server.close();
  }
}

const event = (accountId: string, id: string) => ({ id, accountId, model: 'model', inputTokens: 1_000 });
const poisonedBy = (own: OwnAnswer) => (body: string) => (body.includes('poison') ? own : null);

test.concurrent.each([1, 2])(
  'one event that the API fails on holds up nobody for more than seconds, and is told with its content (%i requests at a time)',
  (requestsMax) =>
    inScene({ reporting: { requestsMax } }, async ({ id, front, client }) => {
      front.answer = poisonedBy(500);
      client.report(event(id, 'poison'));
      times(300, (i) => client.report(event(id, `good-${i}`)));
      await until(
        async () => (await charged(api.database, id)).events,
        (events) => events === 300,
      );
      await client.flush(30_000);
      expect(client.rejected).toMatchObject([{ event: event(id, 'poison'), code: 'http_500' }]);
      expect(client.buffered).toEqual({ events: 0, bytes: 0 });
      expect(await charged(api.database, id)).toMatchObject({ events: 300 });
    }),
);

test.concurrent.each<[OwnAnswer, number]>([
  [503, 1],
  ['cut', 1],
  ['cut', 2],
])(
  'one event that gets %s holds up nobody for more than seconds, and is never given up (%i requests at a time)',
  (own, requestsMax) =>
    inScene({ reporting: { requestsMax, batchEventsMax: 16 } }, async ({ id, front, client }) => {
      front.answer = poisonedBy(own);
      client.report(event(id, 'poison'));
      times(63, (i) => client.report(event(id, `good-${i}`)));
      await until(
        async () => (await charged(api.database, id)).events,
        (events) => events === 63,
      );
      // Charged, and a moment later known to be.
      await until(
        () => client.buffered.events,
        (events) => events === 1,
      );
      front.answer = () => null;
      await client.flush(30_000);
      expect(client.rejected).toEqual([]);
      expect(await charged(api.database, id)).toMatchObject({ events: 64 });
    }),
);

test.concurrent(
  'an event that comes first and alone is tried again until others have passed, and only then given up',
  () =>
    inScene({ reporting: { requestsMax: 1 } }, async ({ id, front, client }) => {
      front.answer = poisonedBy(500);
      client.report(event(id, 'poison'));
      await until(
        () => client.errors.length,
        (errors) => errors >= 6,
      );
      expect(client.rejected).toEqual([]);
      client.report(event(id, 'good'));
      await client.flush(30_000);
      expect(client.rejected).toMatchObject([{ event: { id: 'poison' } }]);
      expect(await charged(api.database, id)).toMatchObject({ events: 1 });
    }),
);

test.concurrent.each([500, 502, 503])(
  'an outage in which everything is answered %i loses nothing, and asks no more often than before',
  (status) =>
    inScene({}, async ({ id, front, client }) => {
      front.answer = () => status;
      times(64, (i) => client.report(event(id, `e${i}`)));
      await sleep(3_000);
      expect(front.requests).toBeLessThan(25);
      expect(client.rejected).toEqual([]);
      expect(client.buffered.events).toBe(64);
      front.answer = () => null;
      await client.flush(30_000);
      expect(client.rejected).toEqual([]);
      expect(await charged(api.database, id)).toMatchObject({ events: 64 });
    }),
);

test.concurrent('an event that gets 503 or no answer is never given up, though others pass', () =>
  inScene({}, async ({ id, front, client }) => {
    front.answer = poisonedBy(503);
    client.report(event(id, 'poison'));
    await client.flush(100).catch(() => undefined);
    for (let i = 0; i < 30; i++) {
      client.report(event(id, `good-${i}`));
      await client.flush(100).catch(() => undefined);
    }
    await until(
      () => client.buffered.events,
      (events) => events === 1,
    );
    expect(client.rejected).toEqual([]);
    await expect(client.close(500)).rejects.toMatchObject({ events: [event(id, 'poison')] });
  }),
);

test.concurrent(
  'one event that Ballast itself fails on: the others of its batch are charged, and it is told with its content',
  () =>
    inScene({ url: api.url }, async ({ id, client }) => {
      await api.database.owner.query(`alter table usage_events add constraint poison check (event_id <> 'unpostable')`);
      try {
        times(25, (i) => client.report(event(id, `before-${i}`)));
        client.report(event(id, 'unpostable'));
        times(25, (i) => client.report(event(id, `after-${i}`)));
        await client.flush(30_000);
      } finally {
        await api.database.owner.query('alter table usage_events drop constraint poison');
      }
      expect(client.rejected).toMatchObject([{ event: event(id, 'unpostable'), code: 'internal' }]);
      expect(await charged(api.database, id)).toMatchObject({ events: 50 });
    }),
);
