/** L2: an upload may take its time while it progresses; one that stalls is ended. */
import { PassThrough } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { streamBody as StreamBody } from '../../api/http/body';

const MINUTE_MS = 60_000;

/** The module looks at the clock in an interval of its own, so it is loaded under the test's clock. */
function loadUnderFakeClock(): typeof StreamBody {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask'] });
  let loaded: typeof StreamBody | undefined;
  jest.isolateModules(() => {
    loaded = jest.requireActual<{ streamBody: typeof StreamBody }>('../../api/http/body').streamBody;
  });
  return loaded!;
}
afterEach(() => jest.useRealTimers());

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('L2 an upload of two hours that brings something each minute is not cut; after it stands still for longer, it is', async () => {
  const streamBody = loadUnderFakeClock();
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
