/** L2, L7: the place of an upload is reserved for two minutes and renewed while it comes: what a killed process leaves goes soon. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { request as ask } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import { createFolderStore } from '../../batches/fileStore';
import { UPLOAD_RESERVED_SECONDS } from '../../domain/storeLimit';
import { readStoreOwner } from '../../ledger/files/readStoreOwner';
import { startErasing } from '../../workers/batchFiles';
import { openAccount, startTestApi, type TestAccount, type TestApi } from '../support/api';
import { startApiProcess } from '../support/apiProcess';
import { putBatchModels, requestLine } from '../support/batchFiles';
import { until } from '../support/notices';

const filesDir = mkdtempSync(join(tmpdir(), 'ballast-reservations-'));
let api: TestApi;
let own: TestAccount;
let erasing: { stop(): Promise<void> };
beforeAll(async () => {
  api = await startTestApi({ filesDir });
  await putBatchModels(api);
  const { pool } = api.database;
  const store = createFolderStore(filesDir, () => readStoreOwner(pool));
  erasing = startErasing({ pool, store, log: pino({ level: 'silent' }), pollMs: 20 });
});
beforeEach(async () => (own = await openAccount(api, '10.00')));
afterAll(async () => {
  await erasing.stop();
  await api.close();
  rmSync(filesDir, { recursive: true, force: true });
});

type Kind = 'a batch file' | 'a dataset';
const TABLES = { 'a batch file': 'files', 'a dataset': 'evaluation_datasets' } as const;
const kinds = Object.keys(TABLES) as Kind[];

type Upload = {
  finish(): void;
  answered: Promise<{ status: number; body: any; retryAfter: string | undefined } | null>;
};
/** Half of an upload, to be finished. It answers null when its connection breaks. */
function begin(url: string, kind: Kind): Upload {
  const [head, rest, tail] =
    kind === 'a dataset'
      ? ['q\n1\n', '2\n', '']
      : [
          `--b\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nbatch\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n${requestLine('a')}\n`,
          requestLine('b'),
          '\r\n--b--\r\n',
        ];
  const path = kind === 'a dataset' ? `/v1/accounts/${own.id}/evaluation-datasets` : '/v1/files';
  const asked = ask(new URL(path, url), {
    method: 'POST',
    agent: false,
    headers: {
      Authorization: `Bearer ${own.owner}`,
      'Content-Type': kind === 'a dataset' ? 'text/csv' : 'multipart/form-data; boundary=b',
    },
  });
  asked.write(head);
  return {
    finish: () => void asked.end(rest + tail),
    answered: new Promise((resolve) => {
      asked.on('error', () => resolve(null));
      asked.on('response', (answer) => {
        let text = '';
        answer.on('data', (chunk: Buffer) => (text += chunk.toString()));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode!,
            body: JSON.parse(text),
            retryAfter: answer.headers['retry-after'],
          }),
        );
      });
    }),
  };
}

/** For how many seconds from now the account's upload is reserved; none when it is not. */
async function reservedSeconds(kind: Kind): Promise<number | undefined> {
  const { rows } = await api.database.pool.query<{ seconds: number }>(
    `select extract(epoch from removed_at - clock_timestamp())::float as seconds from ${TABLES[kind]}
     where account_id = $1 and removed_at > clock_timestamp()`,
    [own.id],
  );
  return rows[0]?.seconds;
}
const untilReserved = (kind: Kind) =>
  until(
    () => reservedSeconds(kind),
    (seconds) => seconds !== undefined,
  );
const reserveUntil = (kind: Kind, seconds: number) =>
  api.database.pool.query(
    `update ${TABLES[kind]} set removed_at = clock_timestamp() + make_interval(secs => $2)
     where account_id = $1 and removed_at is not null`,
    [own.id, seconds],
  );
const stored = (): string[] =>
  readdirSync(filesDir, { recursive: true })
    .map(String)
    .filter((name) => /(file|dataset)-/.test(name));
const isWhole = (): boolean => stored().some((name) => !name.startsWith('partial'));
const untilNothingIsLeft = () => until(stored, (names) => names.length === 0);
const isLate = (answer: Awaited<Upload['answered']>): void => {
  expect(answer).toMatchObject({ status: 503, retryAfter: expect.stringMatching(/^\d+$/) });
  expect(answer!.body.code ?? answer!.body.error.code).toBe('storage_unavailable');
};

/** While its row can't be kept: until its content is whole in the store. */
async function finishButForItsRow(upload: Upload): Promise<void> {
  upload.finish();
  await until(isWhole, (whole) => whole);
}

/** Nobody can end an upload of the account meanwhile: its content is stored, and its row is not kept. */
async function whileLocked<T>(work: () => Promise<T>): Promise<T> {
  const holder = await api.database.pool.connect();
  try {
    await holder.query('begin');
    await holder.query('select from accounts where id = $1 for update', [own.id]);
    return await work();
  } finally {
    await holder.query('rollback');
    holder.release();
  }
}

test.each(kinds)(
  'L2, L7 a process that is killed between the last byte of %s and its row leaves it for two minutes at most',
  async (kind) => {
    const killed = await startApiProcess({ DATABASE_URL: api.database.url, FILES_DIR: filesDir });
    try {
      const upload = begin(killed.url, kind);
      await untilReserved(kind);
      await whileLocked(async () => {
        await finishButForItsRow(upload);
        killed.child.kill('SIGKILL');
        expect(await upload.answered).toBeNull();
      });
      expect(await reservedSeconds(kind)).toBeLessThanOrEqual(UPLOAD_RESERVED_SECONDS);
      expect(stored()).toHaveLength(1);
      await api.database.pool.query(
        `update ${TABLES[kind]} set removed_at = removed_at - make_interval(secs => $2) where account_id = $1`,
        [own.id, UPLOAD_RESERVED_SECONDS],
      );
      await untilNothingIsLeft();
    } finally {
      await killed.stop();
    }
  },
);

test('L2, L7 an upload that takes its time is renewed while it comes, and kept', async () => {
  const uploads = kinds.map((kind) => ({ kind, ...begin(api.url, kind) }));
  for (const { kind } of uploads) {
    await untilReserved(kind);
    await reserveUntil(kind, 25);
  }
  for (const { kind } of uploads)
    await until(
      () => reservedSeconds(kind),
      (seconds) => seconds! > 30,
    );
  for (const { finish } of uploads) finish();
  for (const { kind, answered } of uploads) expect((await answered)!.status).toBe(kind === 'a dataset' ? 201 : 200);
  for (const table of Object.values(TABLES))
    await api.database.pool.query(`update ${table} set removed_at = now() where account_id = $1`, [own.id]);
  await untilNothingIsLeft();
});

test('L2, L7 nothing is renewed beyond a day: who sends a byte now and then keeps nothing for ever', async () => {
  const upload = begin(api.url, 'a dataset');
  await untilReserved('a dataset');
  await api.database.pool.query(
    "update evaluation_datasets set created_at = clock_timestamp() - interval '1 day' + interval '15 seconds' where account_id = $1",
    [own.id],
  );
  await until(
    () => reservedSeconds('a dataset'),
    (seconds) => (seconds ?? 0) < 16,
  );
  upload.finish();
  await upload.answered;
  await api.database.pool.query('update evaluation_datasets set removed_at = now() where account_id = $1', [own.id]);
  await untilNothingIsLeft();
});

test('L2, L7 an upload whose reservation has ended is told so at its next byte: try again; nothing is left', async () => {
  const uploads = kinds.map((kind) => ({ kind, ...begin(api.url, kind) }));
  for (const { kind } of uploads) {
    await untilReserved(kind);
    await until(stored, (names) => names.length > 0);
    await reserveUntil(kind, 0);
  }
  await untilNothingIsLeft();
  // By then each has tried to renew.
  await new Promise((resolve) => setTimeout(resolve, 11_000));
  for (const { finish } of uploads) finish();
  for (const { answered } of uploads) isLate(await answered);
  await untilNothingIsLeft();
});

test.each(kinds)('L2, L7 so is one whose reservation ends between the last byte of %s and its row', async (kind) => {
  const upload = begin(api.url, kind);
  await untilReserved(kind);
  await whileLocked(async () => {
    await finishButForItsRow(upload);
    await reserveUntil(kind, 0);
    await untilNothingIsLeft();
  });
  isLate(await upload.answered);
  await untilNothingIsLeft();
});
