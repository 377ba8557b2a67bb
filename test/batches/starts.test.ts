/** L4, O4: what can't be started, or removed, holds up no other. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import type { Client } from '@temporalio/client';
import { pino } from 'pino';
import { createFolderStore } from '../../batches/fileStore';
import { transaction } from '../../ledger/db';
import { removeFile } from '../../ledger/files/removeFile';
import { startErasing } from '../../workers/batchFiles';
import { startStartingBatches } from '../../workers/batchStarts';
import { startStartingWebhooks } from '../../workers/webhookStarts';
import { webhookDeliveryWorkflowId } from '../../workflows/messages';
import { create, insertBatchModel, insertInput, wishFor } from '../support/batchJob';
import { createTestDatabase, type TestDatabase } from '../support/database';
import { credit, openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { times } from '../support/times';

const log = pino({ level: 'silent' });
let database: TestDatabase;
let account: string;
beforeAll(async () => {
  database = await createTestDatabase();
  await insertBatchModel(database.pool);
  account = await openAccount(database.pool);
  await credit(database.pool, account, '500.00');
});
afterAll(() => database.drop());

/** A Temporal that starts all workflows but some, and notes which it has started. */
function temporalThat(refuses: (workflowId: string) => boolean): { client: Client; started: Set<string> } {
  const started = new Set<string>();
  const start = async (_type: string, { workflowId }: { workflowId: string }): Promise<void> => {
    await Promise.resolve();
    if (refuses(workflowId)) throw new Error('this workflow can not be started');
    started.add(workflowId);
  };
  const client = {
    withDeadline: (_at: number, work: () => Promise<unknown>) => work(),
    workflow: { start, signalWithStart: start },
  } as unknown as Client;
  return { client, started };
}

test('L4 a page of jobs that can not be started holds up no other, and is tried again', async () => {
  const ids: string[] = [];
  for (const _ of times(45, Number)) {
    const wish = await wishFor(database.pool, account, 1);
    await create(database.pool, wish);
    ids.push(wish.id);
  }
  const [broken, fine] = [ids.slice(0, 25), ids.slice(25)];
  let mended = false;
  const { client, started } = temporalThat((id) => !mended && broken.some((one) => id.endsWith(one)));
  const starting = startStartingBatches({ pool: database.pool, client, log, pollMs: 20 });
  const areStarted = (some: string[]) =>
    until(
      () => [...started],
      (all) => some.every((one) => all.some((id) => id.endsWith(one))),
    );
  try {
    await areStarted(fine);
    expect(started.size).toBe(fine.length);
    mended = true;
    await areStarted(broken);
  } finally {
    await starting.stop();
  }
});

test('N2 a page of webhooks that can not be started holds up no other', async () => {
  const endpoint = await database.pool.query<{ id: string }>(
    "insert into webhook_endpoints (account_id, url, events) values ($1, 'https://example.com/', '{test}') returning id",
    [account],
  );
  const ids: string[] = [];
  for (const _ of times(45, Number)) {
    const { rows } = await database.pool.query<{ id: string }>(
      'insert into webhook_deliveries (endpoint_id) values ($1) returning id',
      [endpoint.rows[0]!.id],
    );
    ids.push(rows[0]!.id);
  }
  const fine = ids.slice(25).map(webhookDeliveryWorkflowId);
  const broken = new Set(ids.slice(0, 25).map(webhookDeliveryWorkflowId));
  const { client, started } = temporalThat((id) => broken.has(id));
  const starting = startStartingWebhooks({ pool: database.pool, client, log, pollMs: 20 });
  try {
    await until(
      () => [...started],
      (all) => fine.every((id) => all.includes(id)),
    );
  } finally {
    await starting.stop();
  }
});

test('N2 webhooks of an account that has thousands to start let those of others pass', async () => {
  const endpoint = async () => {
    const { rows } = await database.pool.query<{ id: string }>(
      "insert into webhook_endpoints (account_id, url, events) values ($1, 'https://example.com/', '{test}') returning id",
      [await openAccount(database.pool)],
    );
    return rows[0]!.id;
  };
  const insert = async (endpointId: string, count: number): Promise<string[]> => {
    const { rows } = await database.pool.query<{ id: string }>(
      'insert into webhook_deliveries (endpoint_id) select $1::uuid from generate_series(1, $2) returning id',
      [endpointId, count],
    );
    return rows.map(({ id }) => webhookDeliveryWorkflowId(id));
  };
  const many = await insert(await endpoint(), 3_000);
  const others = (await Promise.all(times(3, async () => insert(await endpoint(), 2)))).flat();
  const { client, started } = temporalThat(() => false);
  const starting = startStartingWebhooks({ pool: database.pool, client, log, pollMs: 20 });
  try {
    await until(
      () => others.every((id) => started.has(id)),
      (all) => all,
    );
    expect(many.filter((id) => started.has(id)).length).toBeLessThan(300);
    await until(
      () => many.filter((id) => started.has(id)).length,
      (count) => count > 400,
    );
  } finally {
    await starting.stop();
  }
});

test('L2 a file that can not be removed from the store holds up no other', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'ballast-removing-'));
  const store = createFolderStore(folder);
  const files = await Promise.all(times(3, () => insertInput(database.pool, account, 1)));
  for (const id of files) {
    await store.write(id, Readable.from([Buffer.from('content')]));
    await transaction(database.pool, (tx) => removeFile(tx, account, id));
  }
  const stuck = files[0]!;
  const remove = (name: string): Promise<void> =>
    name === stuck ? Promise.reject(new Error('EACCES: permission denied')) : store.remove(name);
  const erasing = startErasing({ pool: database.pool, store: { ...store, remove }, log, pollMs: 20 });
  try {
    await until(
      () => readdirSync(folder).filter((name) => name.startsWith('file-')),
      (names) => names.length === 1 && names[0] === stuck,
    );
  } finally {
    await erasing.stop();
    rmSync(folder, { recursive: true });
  }
});
