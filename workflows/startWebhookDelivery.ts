/** Starts the workflow of a webhook's delivery, or finds it running. For clients; not part of the bundle. */
import type { Client } from '@temporalio/client';
import { webhookDeliveryWorkflowId, type WebhookDeliveryInput } from './messages';
import { START } from './startOptions';

export async function startWebhookDelivery(client: Client, deliveryId: string): Promise<void> {
  const input: WebhookDeliveryInput = { deliveryId };
  await client.workflow.start('webhookDelivery', {
    workflowId: webhookDeliveryWorkflowId(deliveryId),
    ...START,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
  });
}
