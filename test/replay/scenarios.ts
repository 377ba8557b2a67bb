/** The stories whose histories are kept for replay: each leaves a workflow that has lived through it. */
import { createHash } from 'node:crypto';
import * as messages from '../../workflows/messages';
import { startReconcile } from '../../workflows/startReconcile';
import type { TestAccount } from '../support/account';
import { payAtStripe } from '../support/paid';
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

async function finished(account: TestAccount): Promise<string> {
  await account.settle();
  return messages.balanceWorkflowId(account.id);
}

function prepaymentOf(account: TestAccount, key: string): string {
  return messages.prepaymentWorkflowId(account.id, createHash('sha256').update(key).digest('hex'));
}
