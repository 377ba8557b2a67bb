import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NOTICE_KINDS } from '../../domain/notice';
import { createWebhookSender } from '../../notices/webhookSender';
import { until } from '../support/notices';
import { SECRET } from '../support/webhooks';

const root = join(__dirname, '..', '..');
let receiver: ChildProcess;
const lines: string[] = [];
let url: string;

beforeAll(async () => {
  receiver = spawn(process.execPath, [join(root, 'examples', 'webhook-receiver.mjs')], {
    env: { PATH: process.env.PATH, WEBHOOK_SECRET: SECRET, PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  createInterface(receiver.stdout!).on('line', (line) => lines.push(line));
  const [first] = await until(
    () => lines,
    ({ length }) => length === 1,
  );
  url = /^listening on (\S+)$/.exec(first!)![1]!;
});
afterAll(() => void receiver.kill());

const send = (messageId: string, secret: string, available: string, aheadMs = 0) =>
  createWebhookSender({ allowPrivate: true, now: () => Date.now() + aheadMs })({
    messageId,
    url,
    secrets: [secret],
    payload: { type: 'resumed', timestamp: new Date().toISOString(), data: { accountId: 'acme', available } },
  });

test('N2 the example takes what is signed, once, and refuses what is not', async () => {
  const wrong = `whsec_${Buffer.from('w'.repeat(32)).toString('base64')}`;
  expect(await send('a', wrong, '1.00')).toEqual({ status: 400 });
  expect((await send('a', SECRET, '2.00')).status).toBe(204);
  expect((await send('a', SECRET, '2.00')).status).toBe(204);
  expect((await fetch(url, { method: 'POST', body: 'x'.repeat(100_000) })).status).toBe(400);
  // An hour old, or dated an hour ahead.
  for (const aheadMs of [-3_600_000, 3_600_000])
    expect(await send('c', SECRET, '4.00', aheadMs)).toEqual({ status: 400 });
  expect((await send('b', SECRET, '3.00')).status).toBe(204);
  await until(
    () => lines,
    ({ length }) => length === 3,
  );
  expect(lines.slice(1).map((line) => JSON.parse(line).data.available)).toEqual(['2.00', '3.00']);
});

test('docs/webhooks.md lists exactly the kinds of notices', () => {
  const listed = [...readFileSync(join(root, 'docs', 'webhooks.md'), 'utf8').matchAll(/^\| `(\w+)` \|/gm)].map(
    ([, kind]) => kind,
  );
  expect(listed).toEqual([...NOTICE_KINDS, 'test']);
});
