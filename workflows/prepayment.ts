/** A prepayment with a saved method: charged once, and found out when Stripe gives no answer (P2, A9). */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ParentClosePolicy, proxyActivities, sleep, startChild } from '@temporalio/workflow';
import type { Activities } from '../activities';
import { AFTER_CHARGE_FAILED_MS, CHARGE } from './timeouts';
import type { confirmation } from './confirmation';
import {
  confirmationWorkflowId,
  type ConfirmationInput,
  type PrepaymentInput,
  type PrepaymentResult,
} from './messages';

const { chargePrepayment } = proxyActivities<Activities>(CHARGE);

export async function prepayment({
  accountId,
  paymentId,
  paymentMethodId,
}: PrepaymentInput): Promise<PrepaymentResult> {
  for (;;) {
    const nowMs = Date.now();
    const result = await chargePrepayment({
      accountId,
      paymentId,
      attempt: 1,
      methodId: paymentMethodId,
      role: null,
      nowMs,
    }).catch(() => ({ kind: 'unknown' as const, dueMs: nowMs + AFTER_CHARGE_FAILED_MS }));
    switch (result.kind) {
      case 'paid':
        return { kind: 'succeeded' };
      case 'declined':
        return result;
      case 'requires_action':
        await waitForOwner({ accountId, paymentId, untilMs: result.dueMs });
        return { kind: 'requires_action' };
      case 'ended':
        return { kind: 'canceled' };
      case 'unknown':
        await sleep(Math.max(1_000, result.dueMs - Date.now()));
    }
  }
}

/** Whoever asked for the prepayment has the answer at once; a workflow that outlives this one waits. */
async function waitForOwner(input: ConfirmationInput): Promise<void> {
  try {
    await startChild<typeof confirmation>('confirmation', {
      workflowId: confirmationWorkflowId(input.paymentId),
      args: [input],
      parentClosePolicy: ParentClosePolicy.ABANDON,
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
}
