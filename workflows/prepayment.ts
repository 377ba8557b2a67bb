/** A prepayment with a saved method: charged once, and found out when Stripe gives no answer (P2, A9). */
import { proxyActivities, sleep } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { AFTER_CHARGE_FAILED_MS, CHARGE } from './activityOptions';
import type { PrepaymentInput, PrepaymentResult } from './messages';

const { chargePrepayment } = proxyActivities<Activities>(CHARGE);

export async function prepayment({ accountId, paymentId, paymentMethodId }: PrepaymentInput): Promise<PrepaymentResult> {
  for (;;) {
    const nowMs = Date.now();
    const result = await chargePrepayment({ accountId, paymentId, attempt: 1, methodId: paymentMethodId, role: null, nowMs })
      .catch(() => ({ kind: 'unknown' as const, dueMs: nowMs + AFTER_CHARGE_FAILED_MS }));
    switch (result.kind) {
      case 'paid':
        return { kind: 'succeeded' };
      case 'declined':
        return result;
      case 'ended':
        return { kind: 'canceled' };
      case 'unknown':
        await sleep(Math.max(1_000, result.dueMs - Date.now()));
    }
  }
}
