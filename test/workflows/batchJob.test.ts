/** L4: a job's window of 24 hours is a durable timer of its workflow. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transaction } from '../../ledger/db';
import { readBatch } from '../../ledger/batches/readBatch';
import { recordResults } from '../../ledger/batches/recordResults';
import * as messages from '../../workflows/messages';
import { completed, insertBatchModel, runningBatch } from '../support/batchJob';
import { until } from '../support/notices';
import { World } from '../support/world';

const HOUR = 3_600_000;
const filesDir = mkdtempSync(join(tmpdir(), 'ballast-window-'));
let world: World;
beforeAll(async () => {
  world = await World.start({ time: 'skipping', filesDir });
});
afterAll(async () => {
  await world.close();
  rmSync(filesDir, { recursive: true, force: true });
});

test('L4 after 24 hours, and not before, a job expires by its own timer: what is done is billed, the rest is released', async () => {
  const { pool } = world.database;
  const account = await world.account({ balance: '100.00', cards: [] });
  await insertBatchModel(pool);
  const id = await runningBatch(pool, account.id, 3);
  const handle = world.client.workflow.getHandle(messages.batchWorkflowId(id));
  await until(
    () =>
      handle.describe().then(
        ({ historyLength }) => historyLength,
        () => 0,
      ),
    // Started, looked at once, and waiting.
    (events) => events >= 10,
  );
  await transaction(pool, (tx) =>
    recordResults(tx, { batchId: id, results: [completed('r1', '0.10')], nowMs: Date.now() }),
  );
  await world.sleep(23.9 * HOUR);
  expect((await readBatch(pool, id))?.status).toBe('in_progress');
  await world.sleep(0.2 * HOUR);
  await handle.result();
  expect(await readBatch(pool, id)).toMatchObject({ status: 'expired', completed: 1, failed: 0 });
  const { rows } = await pool.query('select balance_nano, held_nano from balances where account_id = $1', [account.id]);
  expect(rows).toEqual([{ balance_nano: 99_900_000_000n, held_nano: 0n }]);
});
