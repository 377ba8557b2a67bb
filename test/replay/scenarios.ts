/** The stories whose histories are kept for replay: each leaves a workflow that has lived through it. */
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { counterOf } from '../../batches/countTokens';
import { createFolderStore } from '../../batches/fileStore';
import { indexFile } from '../../batches/requestIndex';
import type { Batch } from '../../ledger/batches/batch';
import { cancelBatch } from '../../ledger/batches/cancelBatch';
import type { NewBatch } from '../../ledger/batches/createBatch';
import { readBatch } from '../../ledger/batches/readBatch';
import { recordResults } from '../../ledger/batches/recordResults';
import { transaction } from '../../ledger/db';
import { postNotice } from '../../ledger/notices/postNotice';
import * as messages from '../../workflows/messages';
import { startReconcile } from '../../workflows/startReconcile';
import type { TestAccount } from '../support/account';
import { requestLine } from '../support/batchFiles';
import { completed, create, insertBatchModel, insertInput, wishFor } from '../support/batchJob';
import { askForLimit, decideLimit, readLimitRequestState } from '../support/limitRequest';
import { until } from '../support/notices';
import { payAtStripe } from '../support/paid';
import { startReceiver } from '../support/receiver';
import { readWebhooks, registerEndpoint } from '../support/webhooks';
import type { World } from '../support/world';

const settings = { threshold: '10.00', amount: '25.00' };
const declining = 'pm_card_chargeCustomerFail';

/** By scenario: plays it and returns the id of the workflow to keep. Needs short retry delays: time is real here. */
export const scenarios: Record<string, (world: World) => Promise<string>> = {
  async 'balance.plain-reload'(world) {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.use('15.00');
    return finished(account);
  },

  async 'balance.backup-card'(world) {
    const account = await world.account({
      balance: '20.00',
      cards: [declining, 'pm_card_mastercard'],
      autoReload: settings,
    });
    await account.use('15.00');
    return finished(account);
  },

  async 'balance.three-strikes'(world) {
    const account = await world.account({ balance: '20.00', cards: [declining, declining], autoReload: settings });
    await account.use('15.00');
    for (let i = 0; i < 100 && (await account.autoReload()).status === 'on'; i++) await world.sleep(100);
    return finished(account);
  },

  async 'balance.suspension-and-return'(world) {
    const account = await world.account({ balance: '3.00' });
    await account.use('4.00');
    await account.settle();
    await account.prepay('50.00');
    return finished(account);
  },

  async 'balance.edited-settings'(world) {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.pause();
    await account.configure({ threshold: '12.00', amount: '30.00' });
    await account.use('15.00');
    await account.settle();
    await account.resume();
    await account.settle();
    await account.disable();
    return finished(account);
  },

  async 'balance.first-charge'(world) {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.configure({ threshold: '50.00', amount: '10.00' });
    return finished(account);
  },

  async 'balance.outage-at-stripe'(world) {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await world.simulate('POST', '/faults', { match: { path: '^/v1/payment_intents' }, times: 2, effect: 'error_500' });
    await account.use('15.00');
    for (let i = 0; i < 150 && (await account.credits()).length < 2; i++) await world.sleep(100);
    return finished(account);
  },

  /** Many signals until the server suggests to continue as new; with an open reload to carry along. */
  async 'balance.continue-as-new'(world) {
    const account = await world.account({ balance: '1000.00', cards: [declining], autoReload: settings });
    await account.use('990.00');
    await account.settle();
    const firstRun = (await account.handle.describe()).runId;
    for (let i = 0; i < 200 && (await account.handle.describe()).runId === firstRun; i++) await account.use('0.01');
    await account.addCard('pm_card_visa', 'primary');
    await account.wake(messages.paymentMethodsChangedSignal);
    return finished(account);
  },

  /** The first run, over everything, with a credit and a refund that nobody has brought. */
  async 'reconcile.lost-events'(world) {
    const account = await world.account();
    const { intent } = await payAtStripe(world.stripe, world.database.pool, account.id, 2_500);
    await world.stripe.refunds.create({ payment_intent: intent, amount: 1_000 });
    const run = await startReconcile(world.client);
    await run.result();
    return run.workflowId;
  },

  async 'batch.completed'(world) {
    const batchId = await batchOf(world);
    await recordAll(world, batchId, 'r1', 'r2');
    return ended(world, batchId);
  },

  async 'batch.cancelled'(world) {
    const batchId = await batchOf(world);
    await transaction(world.database.pool, (tx) => cancelBatch(tx, batchId));
    return ended(world, batchId);
  },

  async 'batch.expired'(world) {
    return ended(world, await batchOf(world, { completionWindowMs: 3_000 }));
  },

  async 'batch.failed'(world) {
    const batchId = await createJob(world, async () => undefined);
    await untilItIs(world, batchId, 'failed');
    return ended(world, batchId);
  },

  /** At the second try. */
  async 'webhook.delivered'(world) {
    const { pool } = world.database;
    const account = await world.account();
    const receiver = await startReceiver((response, nth) => response.writeHead(nth === 1 ? 500 : 204).end());
    try {
      await registerEndpoint(pool, account.id, receiver.url);
      await postNotice(pool, account.id, `${account.id}/1`, { kind: 'resumed', available: '1.00' });
      const { id } = (await readWebhooks(pool, account.id))[0]!;
      await until(
        () => readWebhooks(pool, account.id),
        ([webhook]) => webhook!.status === 'delivered',
      );
      return await completedRun(world, messages.webhookDeliveryWorkflowId(id));
    } finally {
      await receiver.close();
    }
  },

  'limit-request.approved': (world) => decidedRequest(world, 'approve'),

  'limit-request.denied': (world) => decidedRequest(world, 'deny'),

  async 'prepayment.saved-card'(world) {
    const account = await world.account();
    await account.prepay('50.00', undefined, 'saved-card');
    return prepaymentOf(account, 'saved-card');
  },

  async 'prepayment.confirmation'(world) {
    const account = await world.account({ cards: ['pm_card_authenticationRequired'] });
    await account.prepay('50.00', undefined, 'confirmation');
    return prepaymentOf(account, 'confirmation');
  },

  async 'prepayment.declined'(world) {
    const account = await world.account({ cards: [declining] });
    await account.prepay('50.00', undefined, 'declined');
    return prepaymentOf(account, 'declined');
  },
};

/** A job of two requests that is in progress. */
async function batchOf(world: World, more: Partial<NewBatch> = {}): Promise<string> {
  const lines = ['r1', 'r2'].map((id) => requestLine(id));
  const store = createFolderStore(world.filesDir!);
  const batchId = await createJob(
    world,
    async (fileId) => {
      await store.write(fileId, Readable.from([Buffer.from(lines.join('\n'))]));
      await indexFile(store, { id: fileId, attempt: 1 }, counterOf('openai'), null);
    },
    more,
  );
  await untilItIs(world, batchId, 'in_progress');
  return batchId;
}

const untilItIs = (world: World, batchId: string, status: Batch['status']): Promise<unknown> =>
  until(
    () => readBatch(world.database.pool, batchId),
    (batch) => batch?.status === status,
  );

/** A job of two requests whose input is stored as told. */
async function createJob(
  world: World,
  storeInput: (fileId: string) => Promise<void>,
  more: Partial<NewBatch> = {},
): Promise<string> {
  const { pool } = world.database;
  const account = await world.account({ balance: '100.00' });
  await insertBatchModel(pool);
  const inputFileId = await insertInput(pool, account.id, 2);
  await storeInput(inputFileId);
  const created = await create(pool, await wishFor(pool, account.id, 2, { inputFileId, ...more }));
  if (created.kind !== 'created') throw new Error(`no job: ${created.kind}`);
  return created.batch.id;
}

const recordAll = (world: World, batchId: string, ...ids: string[]): Promise<unknown> =>
  transaction(world.database.pool, (tx) =>
    recordResults(tx, { batchId, results: ids.map((id) => completed(id, '0.10')), nowMs: Date.now() }),
  );

/** A request whose admins were told, that is decided then; its workflow has ended. */
async function decidedRequest(world: World, decision: 'approve' | 'deny'): Promise<string> {
  const { pool } = world.database;
  const account = await world.account();
  const requestId = await askForLimit(pool, account.id);
  await until(
    () => readLimitRequestState(pool, requestId),
    ({ reminders }) => reminders === 1,
  );
  await decideLimit(pool, requestId, decision);
  return completedRun(world, messages.limitRequestWorkflowId(requestId));
}

const ended = (world: World, batchId: string): Promise<string> =>
  completedRun(world, messages.batchWorkflowId(batchId));

async function completedRun(world: World, workflowId: string): Promise<string> {
  await world.client.workflow.getHandle(workflowId).result();
  return workflowId;
}

async function finished(account: TestAccount): Promise<string> {
  await account.settle();
  return messages.balanceWorkflowId(account.id);
}

function prepaymentOf(account: TestAccount, key: string): string {
  return messages.prepaymentWorkflowId(account.id, createHash('sha256').update(key).digest('hex'));
}
