/** Which changes the marks of an account's lists show, also of records that are not the newest; and what a look costs (C3). */
import type { QueryConfig } from 'pg';
import { readTopicMarks, type TopicMarks } from '../../ledger/accounts/readTopicMarks';
import { recordResults } from '../../ledger/batches/recordResults';
import { transaction, type Db } from '../../ledger/db';
import { postNotice } from '../../ledger/notices/postNotice';
import { completed, insertBatchModel, runningBatch } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
});
afterAll(() => database.drop());

async function funded(): Promise<string> {
  const account = await openAccount(database.pool);
  await credit(database.pool, account, '100.00');
  return account;
}

const marksOf = async (account: string): Promise<TopicMarks> =>
  (await readTopicMarks(database.pool, [account])).get(account)!;

/** The topics whose marks are others after something was done. */
async function movedBy(account: string, act: () => Promise<unknown>): Promise<string[]> {
  const before = await marksOf(account);
  await act();
  const after = await marksOf(account);
  return Object.keys(after).filter((topic) => after[topic as keyof TopicMarks] !== before[topic as keyof TopicMarks]);
}

test('C3, P5 a refund is told of as a change of reloads and prepayments', async () => {
  const account = await funded();
  const line = (kind: string, counterparty: string, key: string) =>
    database.pool.query(`select post_line($1, $2, $3, -1000000000, $4, 'prepayment/old', 'test')`, [
      account,
      kind,
      counterparty,
      key,
    ]);
  expect(await movedBy(account, () => line('refund', 'payments', 'refund/old'))).toEqual(
    expect.arrayContaining(['transactions', 'reloads', 'prepayments']),
  );
});

test('C3, L3 the progress of a batch that ten newer ones have pushed down is told of', async () => {
  const account = await funded();
  const batch = await runningBatch(database.pool, account, 2);
  for (let newer = 0; newer < 10; newer++) await runningBatch(database.pool, account, 1);
  const result = () =>
    transaction(database.pool, (tx) =>
      recordResults(tx, { batchId: batch, results: [completed('r1', '0.50')], nowMs: Date.now() }),
    );
  expect(await movedBy(account, result)).toContain('batches');
});

test('C3, N1 that a notice has arrived is told of', async () => {
  const account = await funded();
  await database.pool.query(`insert into members (account_id, name, email, role) values ($1, 'Ada', $2, 'owner')`, [
    account,
    `ada@${account}.example`,
  ]);
  await postNotice(database.pool, account, `resumed/${account}`, { kind: 'resumed', available: '1.00' });
  const send = (set: string) => () =>
    database.pool.query(
      `update notice_deliveries set ${set} where notice_id in (select id from notices where account_id = $1)`,
      [account],
    );
  expect(await movedBy(account, send('attempts = attempts + 1'))).toEqual(['notices']);
  expect(await movedBy(account, send(`status = 'sent', sent_at = now()`))).toEqual(['notices']);
});

/** How many blocks Postgres looks at for one look at an account. */
async function blocksOf(account: string): Promise<number> {
  let blocks = 0;
  const explaining = async ({ text, values }: QueryConfig) => {
    const { rows } = await database.pool.query<{ 'QUERY PLAN': { Plan: Record<string, number> }[] }>(
      `explain (analyze, buffers, format json) ${text}`,
      values,
    );
    const { Plan: plan } = rows[0]!['QUERY PLAN'][0]!;
    blocks = plan['Shared Hit Blocks']! + plan['Shared Read Blocks']!;
    return { rows: [] };
  };
  await readTopicMarks({ query: explaining } as unknown as Db, [account]);
  return blocks;
}

test('C3 a look costs the same however many batches and notices an account has', async () => {
  const account = await funded();
  const batch = await runningBatch(database.pool, account, 1);
  const few = await blocksOf(account);
  await database.pool.query(
    `insert into batches (id, account_id, model_id, endpoint, input_file_id, request_hash, actor, status, input_per_million_nano,
       cached_input_per_million_nano, output_per_million_nano, requests, reserved_tokens, held_nano, expires_at)
     select 'batch_marks' || n, account_id, model_id, endpoint, input_file_id, request_hash, actor, 'completed', 1, 1, 1, 1, 0, 0, now()
     from batches, generate_series(1, 5000) n where id = $1`,
    [batch],
  );
  await database.pool.query(
    `insert into notices (account_id, kind, key, data) select $1, 'resumed', 'marks/' || n, '{}' from generate_series(1, 5000) n`,
    [account],
  );
  await database.owner.query('vacuum analyze batches, notices, notice_deliveries, ledger_lines');
  expect(await blocksOf(account)).toBeLessThan(few + 100);
});
