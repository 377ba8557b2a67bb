/** C1: a list as CSV goes at its reader's pace, and ends with its reader. */
import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { csvReply, type CsvPage } from '../../api/http/csvStream';
import { send } from '../../api/http/send';
import { until } from '../support/notices';

const PAGES = 400;
/** More than all buffers between the two sides together hold. */
const PAGE = 'x'.repeat(100_000);

let pagesRead = 0;
let failAt = Infinity;
const readPage = async (cursor: string | null): Promise<CsvPage> => {
  const nth = Number(cursor);
  if (nth === failAt) throw new Error('the database is gone');
  pagesRead += 1;
  return { data: [{ n: nth, text: PAGE }], nextCursor: nth + 1 < PAGES ? String(nth + 1) : null };
};

/** The writer's side, and the reader's, who has read nothing yet. */
async function open(): Promise<{ writer: ServerResponse; reader: IncomingMessage }> {
  pagesRead = 0;
  const server = createServer();
  const asked = once(server.listen(0, '127.0.0.1'), 'request') as Promise<[IncomingMessage, ServerResponse]>;
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const answered = once(get({ port, host: '127.0.0.1', agent: false }), 'response') as Promise<[IncomingMessage]>;
  const [, writer] = await asked;
  server.close();
  send(writer, await csvReply(['n', 'text'], readPage));
  const [reader] = await answered;
  return { writer, reader };
}
const listeners = (writer: ServerResponse): number =>
  writer.eventNames().reduce((sum, name) => sum + writer.listenerCount(name), 0);
const untilFull = (writer: ServerResponse) => until(async () => writer.writableNeedDrain, Boolean);

afterEach(() => (failAt = Infinity));

test('C1 a slow reader is waited for, gets the whole list, and each wait leaves nothing behind', async () => {
  const { writer, reader } = await open();
  await untilFull(writer);
  const [read, waiting] = [pagesRead, listeners(writer)];
  expect(read).toBeLessThan(PAGES / 2);
  let [bytes, waits] = [0, 0];
  writer.on('drain', () => (waits += 1));
  for await (const chunk of reader) {
    bytes += (chunk as Buffer).length;
    expect(listeners(writer)).toBeLessThanOrEqual(waiting + 1);
  }
  expect(waits).toBeGreaterThan(20);
  expect(pagesRead).toBe(PAGES);
  expect(bytes).toBeGreaterThan(PAGES * PAGE.length);
});

test('C1 when a reader goes away in the middle, no more pages are read, and nothing waits on', async () => {
  const { writer, reader } = await open();
  await untilFull(writer);
  const waiting = listeners(writer);
  reader.destroy();
  await once(writer, 'close');
  await until(
    async () => listeners(writer),
    (now) => now < waiting,
  );
  const read = pagesRead;
  expect(writer.listenerCount('drain')).toBe(0);
  for (let turn = 0; turn < 100; turn += 1) await new Promise(setImmediate);
  expect(pagesRead).toBe(read);
  expect(read).toBeLessThan(PAGES / 2);
});

test('C1 a list that can not be read to its end is cut off: nobody takes a part for the whole', async () => {
  failAt = 3;
  const { reader } = await open();
  await expect(reader.toArray()).rejects.toThrow(/aborted/);
});
