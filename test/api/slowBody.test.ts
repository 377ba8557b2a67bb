/** L2: an upload may take its time while it progresses; one that stalls is ended. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import type * as Body from '../../api/http/body';

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
