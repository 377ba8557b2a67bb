/** Batch files for measurements: made on disk, and sent as they are read, so that their sender is not what is measured. */
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, statSync } from 'node:fs';
import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { MeasuredBallast } from './ballast';

export const BATCH_MODEL = 'bench-batch';

export async function putBatchModel({ admin }: MeasuredBallast): Promise<void> {
  const prices = [{ from: '2020-01-01T00:00:00Z', inputPerMillion: '0.10', outputPerMillion: '0.10' }];
  await admin.request('PUT', `/v1/models/${BATCH_MODEL}`, {
    body: { provider: 'OpenAI', license: 'commercial', input: ['text'], output: 'text', batch: true, prices },
  });
}

const WORDS = 'the ship rides low in the water when its tanks are filled and rises as they are emptied again '.split(
  ' ',
);

/** One request of exactly so many bytes, its line break included; words, as people send them. */
function lineOf(nth: number, bytes: number): string {
  const body = (text: string): string =>
    `${JSON.stringify({
      custom_id: `request-${nth}`,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model: BATCH_MODEL, max_tokens: 20, messages: [{ role: 'user', content: text }] },
    })}\n`;
  const room = bytes - body('').length;
  let text = '';
  for (let at = nth; text.length < room; at++) text += `${WORDS[at % WORDS.length]} `;
  return body(text.slice(0, room));
}

export async function writeBatchFile(path: string, lines: number, bytesPerLine: number): Promise<void> {
  function* all(): Generator<string> {
    for (let nth = 1; nth <= lines; nth++) yield lineOf(nth, bytesPerLine);
  }
  await pipeline(Readable.from(all()), createWriteStream(path));
}

export type Sender = { url: string; serviceKey: string; accountId: string };

/** Uploads a file; answers its id. Throws on anything but 200. */
export async function sendBatchFile({ url, serviceKey, accountId }: Sender, path: string): Promise<string> {
  const boundary = randomUUID();
  const head = Buffer.from(
    `--${boundary}\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n` +
      `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="bench.jsonl"\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const asked = request(`${url}/v1/files`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${serviceKey}`,
      'x-account-id': accountId,
      'content-type': `multipart/form-data; boundary=${boundary}`,
      'content-length': head.length + statSync(path).size + tail.length,
    },
  });
  const answered = new Promise<string>((resolve, reject) => {
    asked.once('error', reject).once('response', (response) => {
      void response.toArray().then((chunks) => {
        const text = Buffer.concat(chunks as Buffer[]).toString();
        if (response.statusCode === 200) resolve((JSON.parse(text) as { id: string }).id);
        else reject(new Error(`the upload was answered ${response.statusCode}: ${text.slice(0, 300)}`));
      }, reject);
    });
  });
  async function* form(): AsyncGenerator<Buffer> {
    yield head;
    yield* createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>;
    yield tail;
  }
  await Promise.all([pipeline(form(), asked), answered]);
  return answered;
}
