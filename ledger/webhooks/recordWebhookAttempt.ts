/** Records the outcome of a webhook's try, and frees its place (N2). */
import { endpointRestMs } from '../../domain/webhookTurn';
import type { Tx } from '../db';
import { endWebhookDelivery } from './endWebhookDelivery';
import type { WebhookAttempt, WebhookOutcome } from './webhookAttempt';

/** How long the try took, and whether it waited all that time for no answer. */
export type TryTook = { tookMs: number; inVain: boolean };

/** @param patienceSeconds as for markDeliveriesStarted, beyond the delay */
export async function recordWebhookAttempt(
  tx: Tx,
  { deliveryId }: Pick<WebhookAttempt, 'deliveryId'>,
  outcome: WebhookOutcome,
  took: TryTook,
  patienceSeconds: number,
): Promise<void> {
  switch (outcome.kind) {
    case 'delivered':
      await endWebhookDelivery(tx, deliveryId, 'delivered', outcome.status, null);
      break;
    case 'failed':
      await endWebhookDelivery(tx, deliveryId, 'failed', outcome.status, outcome.error);
      break;
    case 'gone':
      await endWebhookDelivery(tx, deliveryId, 'failed', outcome.status, outcome.error);
      await tx.query(
        `update webhook_endpoints e set disabled_at = now(), disabled_because = $2 from webhook_deliveries d
         where d.id = $1 and e.id = d.endpoint_id and e.disabled_at is null`,
        [deliveryId, outcome.error],
      );
      break;
    case 'put_off':
      await tx.query(
        `update webhook_deliveries set last_status = $2, last_error = $3, start_at = now() + make_interval(secs => $4)
         where id = $1 and status = 'pending'`,
        [deliveryId, outcome.status, outcome.error, outcome.delaySeconds + patienceSeconds],
      );
  }
  await freePlace(tx, deliveryId, took);
}

/** An answer after none ends the line too, which may be an hour long: what comes now is held up by no outage that is over. */
async function freePlace(tx: Tx, deliveryId: string, { tookMs, inVain }: TryTook): Promise<void> {
  const { rows } = await tx.query<{ id: string; account_id: string; unanswered: number }>({
    name: 'webhook-endpoint-tried',
    text: `update webhook_endpoints e set took_ms = $2, unanswered = case when $3 then e.unanswered + 1 else 0 end, rests_until = null,
             line_ends_at = case when e.unanswered > 0 and not $3 then null else e.line_ends_at end
           from webhook_deliveries d where d.id = $1 and e.id = d.endpoint_id returning e.id, e.account_id, e.unanswered`,
    values: [deliveryId, Math.round(tookMs), inVain],
  });
  const { id, account_id: accountId, unanswered } = rows[0]!;
  const restMs = endpointRestMs(unanswered);
  if (restMs > 0) {
    await tx.query('update webhook_endpoints set rests_until = now() + make_interval(secs => $2) where id = $1', [
      id,
      restMs / 1_000,
    ]);
  }
  await tx.query({
    name: 'free-webhook-place',
    text: 'delete from webhook_tries where account_id = $1 and (delivery_id = $2 or ends_at < now())',
    values: [accountId, deliveryId],
  });
}
