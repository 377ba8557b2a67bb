/** Records the outcome of a webhook's try (N2). */
import type { Tx } from '../db';
import { endWebhookDelivery } from './endWebhookDelivery';
import type { WebhookAttempt, WebhookOutcome } from './webhookAttempt';

/** @param patienceSeconds as for markDeliveriesStarted, beyond the delay */
export async function recordWebhookAttempt(
  tx: Tx,
  { deliveryId }: Pick<WebhookAttempt, 'deliveryId'>,
  outcome: WebhookOutcome,
  patienceSeconds: number,
): Promise<void> {
  switch (outcome.kind) {
    case 'delivered':
      return endWebhookDelivery(tx, deliveryId, 'delivered', outcome.status, null);
    case 'failed':
      return endWebhookDelivery(tx, deliveryId, 'failed', outcome.status, outcome.error);
    case 'gone':
      await endWebhookDelivery(tx, deliveryId, 'failed', outcome.status, outcome.error);
      await tx.query(
        `update webhook_endpoints e set disabled_at = now(), disabled_because = $2 from webhook_deliveries d
         where d.id = $1 and e.id = d.endpoint_id and e.disabled_at is null`,
        [deliveryId, outcome.error],
      );
      return;
    case 'put_off':
      await tx.query(
        `update webhook_deliveries set last_status = $2, last_error = $3, start_at = now() + make_interval(secs => $4)
         where id = $1 and status = 'pending'`,
        [deliveryId, outcome.status, outcome.error, outcome.delaySeconds + patienceSeconds],
      );
  }
}
