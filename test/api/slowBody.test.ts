/** L2: an upload may take its time while it progresses; one that stalls is ended. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import pino from 'pino';
import type * as Body from '../../api/http/body';
import { startTestApi } from '../support/api';
import { watchCallers } from '../support/callers';
import { createTestDatabase } from '../support/database';
import { until } from '../support/notices';

const MINUTE_MS = 60_000;

/** The module looks at the clock in an interval of its own, so it is loaded under the test's clock. */
function loadUnderFakeClock(): typeof Body {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  let loaded: typeof Body | undefined;
  jest.isolateModules(() => {
    loaded = jest.requireActual<typeof Body>('../../api/http/body');
  });
  return loaded!;
}
afterEach(() => jest.useRealTimers());

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('L2 an upload of two hours that brings something each minute is not cut; after it stands still for longer, it is', async () => {
  const { streamBody } = loadUnderFakeClock();
  const request = Object.assign(new PassThrough(), { headers: { 'content-type': 'text/csv' } });
  const { chunks } = streamBody(request as unknown as IncomingMessage, {
    schema: {} as never,
    streamed: ['text/csv'],
    bytesMax: 1_000_000,
  });
  let bytes = 0;
  const reading = (async () => {
    for await (const chunk of chunks) bytes += chunk.length;
  })();
  reading.catch(() => undefined);
  for (let minute = 0; minute < 120; minute++) {
    request.write('some');
    await turn();
    jest.advanceTimersByTime(MINUTE_MS - 1_000);
    await turn();
    expect(request.destroyed).toBe(false);
  }
  expect(bytes).toBe(480);
  jest.advanceTimersByTime(MINUTE_MS);
  expect(request.destroyed).toBe(true);
  await expect(reading).rejects.toThrow();
});

test.each(['whole', 'streamed'])(
  '9.25 a body that is read %s and stops coming ends as one whose sender has gone: with its reader, and as no fault of ours',
  async (how) => {
    const { readBody, streamBody } = loadUnderFakeClock();
    const spec = { schema: {} as never, bytesMax: 1_000 };
    let reading: Promise<unknown> | undefined;
    const server = createServer((asked) => {
      const read = async (): Promise<void> => {
        if (how === 'whole') return void (await readBody(asked, { ...spec, raw: true }));
        for await (const _ of streamBody(asked, { ...spec, streamed: ['text/csv'] }).chunks);
      };
      reading = read().catch((error: unknown) => error);
      server.emit('reading', asked);
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    const headers = { 'Content-Type': 'text/csv', 'Content-Length': 1_000 };
    const sent = request({ host: '127.0.0.1', port, method: 'POST', headers }).on('error', () => undefined);
    sent.write('half of it');
    const [asked] = (await once(server, 'reading')) as [IncomingMessage];
    jest.advanceTimersByTime(2 * MINUTE_MS);
    // Such an error is taken for a caller who has gone (api/http/dispatch.ts): no 5xx, and no line in the log.
    expect(await reading).toMatchObject({ code: 'ECONNRESET' });
    expect([asked.complete, asked.destroyed]).toEqual([false, true]);
    server.close();
  },
);

const spec = { schema: {} as never, bytesMax: 1_000, streamed: ['text/csv'] };
type Request = PassThrough & IncomingMessage;
const csvRequest = (): Request =>
  Object.assign(new PassThrough(), {
    headers: { 'content-type': 'text/csv', 'content-length': '9' },
  }) as unknown as Request;

test('L2 of an upload that breaks off while its bytes are handled nothing is kept: its request is not looked at again', async () => {
  const { streamBody } = loadUnderFakeClock();
  const request = csvRequest();
  const chunks = streamBody(request, spec).chunks[Symbol.asyncIterator]();
  request.write('some');
  expect(String((await chunks.next()).value)).toBe('some');
  request.destroy(new Error('aborted'));
  await turn();
  await expect(chunks.next()).rejects.toThrow('aborted');
  const destroyed = jest.spyOn(request, 'destroy');
  jest.advanceTimersByTime(3 * MINUTE_MS);
  expect(destroyed).not.toHaveBeenCalled();
});

test.each(['whole', 'streamed'])(
  'L2 a body that is to be read %s when its sender has gone already is not waited for',
  async (how) => {
    const { readBody, streamBody } = loadUnderFakeClock();
    const request = csvRequest();
    request.on('error', () => undefined).destroy(new Error('aborted'));
    await turn();
    const read =
      how === 'whole'
        ? readBody(request, { ...spec, raw: true })
        : streamBody(request, spec).chunks[Symbol.asyncIterator]().next();
    const waited = new Promise((resolve) => setImmediate(() => setImmediate(resolve, 'still waiting')));
    expect(await Promise.race([read.catch((error: unknown) => error), waited])).toMatchObject({ name: 'BodyStopped' });
  },
);

test('O1 a caller who leaves before the whole body it has sent is read holds up no process that stops, and is no fault of ours', async () => {
  const logged: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void logged.push(line) });
  const callers = watchCallers('/v1/usage');
  const database = await createTestDatabase();
  const api = await startTestApi({ database, log });
  const locking = await database.owner.connect();
  let closedInMs: number;
  try {
    await locking.query('begin; lock table api_keys');
    const sent = request(new URL('/v1/usage', api.url), {
      method: 'POST',
      headers: { Authorization: `Bearer ${api.service}`, 'Content-Type': 'application/json' },
    });
    sent.on('error', () => undefined).end('{"events":[]}');
    const waiting = "select count(*)::int as n from pg_locks where relation = 'api_keys'::regclass and not granted";
    await until(
      async () => (await locking.query<{ n: number }>(waiting)).rows[0]!.n,
      (count) => count > 0,
    );
    sent.destroy();
    await until(callers.open, (count) => count === 0);
  } finally {
    callers.stop();
    await locking.query('commit');
    locking.release();
    const startedMs = performance.now();
    await api.close();
    closedInMs = performance.now() - startedMs;
    await database.drop();
  }
  expect(closedInMs).toBeLessThan(8_000);
  expect(logged).toEqual([]);
});
