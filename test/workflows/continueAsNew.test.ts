/** Cutting a run anywhere equals not cutting it: a server that suggests it after a few events makes many short runs. */
import { startTemporal, type RunningTemporal } from '../../dev/temporal';
import { BALANCE_TASK_QUEUE, balanceWorkflowId, refreshSignal } from '../../workflows/messages';
import { WORKFLOW_TASK_TIMEOUT } from '../../workflows/timeouts';
import type { TestAccount } from '../support/account';
import { openAccount } from '../support/ledgerAccount';
import { until } from '../support/notices';
import { World } from '../support/world';

const declining = 'pm_card_chargeCustomerFail';
const settings = { threshold: '10.00', amount: '25.00' };
const policy = { retryDelaysMs: [700, 1_000] };

let temporal: RunningTemporal;
let cut: World;
let whole: World;
beforeAll(async () => {
  temporal = await startTemporal({
    dataDir: null,
    namespace: 'default',
    log: () => undefined,
    dynamicConfig: { 'limit.historyCount.suggestContinueAsNew': '12' },
  });
  [cut, whole] = await Promise.all([
    World.start({ time: 'real', policy, relay: true, temporalAddress: temporal.address }),
    World.start({ time: 'real', policy, relay: true }),
  ]);
});
afterAll(async () => {
  await Promise.all([cut?.close(), whole?.close()]);
  await temporal?.stop();
});

const stories: Record<string, (world: World) => Promise<TestAccount>> = {
  async 'reloads one after the other'(world) {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    for (let i = 0; i < 5; i++) await account.use('14.00');
    return account;
  },
  async 'three strikes'(world) {
    const account = await world.account({ balance: '20.00', cards: [declining, declining], autoReload: settings });
    await account.use('15.00');
    await until(
      () => account.autoReload(),
      ({ status }) => status === 'disabled_after_failures',
    );
    return account;
  },
  async 'a backup card that pays'(world) {
    const account = await world.account({
      balance: '20.00',
      cards: [declining, 'pm_card_mastercard'],
      autoReload: settings,
    });
    await account.use('35.00');
    return account;
  },
  async 'settings changed, paused, resumed and disabled'(world) {
    const account = await world.account({ balance: '20.00', autoReload: settings });
    await account.pause();
    await account.use('15.00');
    // Else the reload may come before the owner is told that the balance is low.
    await account.settle();
    await account.configure({ threshold: '12.00', amount: '30.00' });
    await account.resume();
    await account.settle();
    await account.configure({ threshold: '50.00', amount: '10.00' });
    await account.disable();
    return account;
  },
  async 'suspended and back'(world) {
    const account = await world.account({ balance: '5.00' });
    for (let i = 0; i < 2; i++) {
      await account.use('5.00');
      await account.settle();
      await account.credit('5.50');
      await account.settle();
    }
    return account;
  },
};

type Told = { account: TestAccount; outcome: object };

async function tell(world: World, story: (world: World) => Promise<TestAccount>): Promise<Told> {
  const account = await story(world);
  await account.settle();
  const [reloads, credits, available, state, notices] = await Promise.all([
    account.reloads(),
    account.credits(),
    account.available(),
    account.autoReload(),
    account.notices(),
  ]);
  return { account, outcome: { reloads, credits, available, state, notices } };
}

/** The stories do not touch each other's accounts: all are told at the same time. */
const told = new Map<string, Promise<[Told, Told]>>();
beforeAll(() => {
  for (const [name, story] of Object.entries(stories)) {
    const both = Promise.all([tell(cut, story), tell(whole, story)]);
    both.catch(() => {}); // the test of the story says so
    told.set(name, both);
  }
});

test.each(Object.keys(stories))('O3 %s: cut runs end as one whole run does', async (name) => {
  const [inPieces, inOne] = await told.get(name)!;
  expect(inPieces.outcome).toEqual(inOne.outcome);
});

test('O3 the runs were really cut', async () => {
  const [{ account }] = await told.get('a backup card that pays')!;
  const { raw } = await account.handle.describe();
  expect(raw.workflowExecutionInfo!.firstRunId).not.toBe(raw.workflowExecutionInfo!.execution!.runId);
});

test('O4 a workflow of an older release takes over, with its next run, how long its tasks may take', async () => {
  const accountId = await openAccount(cut.database.pool);
  const run = await cut.client.workflow.start('balance', {
    workflowId: balanceWorkflowId(accountId),
    taskQueue: BALANCE_TASK_QUEUE,
    args: [{ accountId }],
    workflowTaskTimeout: '10s',
  });
  const latest = await until(
    async () => {
      await run.signal(refreshSignal);
      return (await cut.client.workflow.getHandle(run.workflowId).describe()).raw;
    },
    ({ workflowExecutionInfo: info }) => info!.firstRunId !== info!.execution!.runId,
  );
  const seconds = Number(latest.executionConfig!.defaultWorkflowTaskTimeout!.seconds);
  expect(seconds).toBe(Number.parseInt(WORKFLOW_TASK_TIMEOUT, 10));
});
