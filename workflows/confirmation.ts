/** Ends a prepayment that waits for its owner and is not confirmed in time (P2). News that comes before ends it elsewhere: then there is nothing left to do. */
import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { AFTER_CANCEL_FAILED, CHARGE } from './timeouts';
import type { ConfirmationInput } from './messages';

const { abandonPrepayment } = proxyActivities<Activities>(CHARGE);

export async function confirmation({ accountId, paymentId, untilMs }: ConfirmationInput): Promise<void> {
  await sleep(Math.max(1, untilMs - Date.now()));
  for (;;) {
    const { done } = await abandonPrepayment({ accountId, paymentId }).catch(() => ({ done: false }));
    if (done) return;
    await sleep(AFTER_CANCEL_FAILED);
  }
}
