/** The delivery of one webhook: tried again over hours until it has arrived or is given up (N2). Postgres counts the tries. */
import { proxyActivities, sleep, workflowInfo } from '@temporalio/workflow';
import type { WebhookActivities } from '../activities/webhooks';
import { WEBHOOK } from './timeouts';
import { webhookTaskQueue, type WebhookDeliveryInput } from './messages';

export async function webhookDelivery({ deliveryId }: WebhookDeliveryInput): Promise<void> {
  const { deliverWebhook } = proxyActivities<WebhookActivities>({
    ...WEBHOOK,
    taskQueue: webhookTaskQueue(workflowInfo().taskQueue),
  });
  for (;;) {
    const tried = await deliverWebhook(deliveryId);
    if (tried.kind === 'ended') return;
    await sleep(tried.delayMs);
  }
}
