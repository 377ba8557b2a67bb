/** Starts a workflow for each webhook that is to be delivered. A crash at any line leaves it to be started again: the id is fixed. */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { WEBHOOK_PATIENCE_SECONDS } from '../activities/webhooks';
import { listDeliveriesToStart } from '../ledger/webhooks/listDeliveriesToStart';
import { markDeliveriesStarted } from '../ledger/webhooks/markDeliveriesStarted';
import { startWebhookDelivery } from '../workflows/startWebhookDelivery';
import { repeat } from './repeat';

export type WebhookStartsOptions = {
  pool: Pool;
  client: Client;
  log: Pick<Logger, 'warn'>;
  /** How often to look for new deliveries. @default 500 */
  pollMs?: number;
};

/** Started at once; the rest is the next round's. */
const STARTS_MAX = 20;
/** How many polls to leave out when Postgres or Temporal can't be reached. */
const TROUBLE_POLLS = 10;

/** `stop` resolves when what is under way is done. */
export function startStartingWebhooks({ pool, client, log, pollMs = 500 }: WebhookStartsOptions): {
  stop(): Promise<void>;
} {
  /** Returns whether there may be more. */
  const startDue = async (): Promise<boolean> => {
    const ids = await listDeliveriesToStart(pool, STARTS_MAX);
    if (ids.length === 0) return false;
    await Promise.all(ids.map((id) => startWebhookDelivery(client, id)));
    await markDeliveriesStarted(pool, ids, WEBHOOK_PATIENCE_SECONDS);
    return ids.length === STARTS_MAX;
  };

  return repeat(
    startDue,
    pollMs,
    (error) => log.warn({ error: error.message }, 'webhooks can not be started; trying again'),
    TROUBLE_POLLS * pollMs,
  );
}
