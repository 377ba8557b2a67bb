/** Starts a workflow for each webhook that is to be delivered. A crash at any line leaves it to be started again: the id is fixed. */
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { WEBHOOK_PATIENCE_SECONDS } from '../activities/webhooks';
import { listDeliveriesToStart } from '../ledger/webhooks/listDeliveriesToStart';
import { markDeliveriesStarted } from '../ledger/webhooks/markDeliveriesStarted';
import { spreadDeliveries } from '../ledger/webhooks/spreadDeliveries';
import { startWebhookDelivery } from '../workflows/startWebhookDelivery';
import { repeat } from './repeat';
import { startEach } from './startEach';

export type WebhookStartsOptions = {
  pool: Pool;
  client: Client;
  log: Pick<Logger, 'warn'>;
  /** How often to look for new deliveries. @default 500 */
  pollMs?: number;
};

/** Started at once; the rest is the next round's. */
const STARTS_MAX = 20;
/** How many polls to leave out when Postgres can't be reached. */
const TROUBLE_POLLS = 10;
/** One that could not be started is tried again after so long, so that it does not hold up the others. */
const TROUBLE_SECONDS = 5;

/** `stop` resolves when what is under way is done. */
export function startStartingWebhooks({ pool, client, log, pollMs = 500 }: WebhookStartsOptions): {
  stop(): Promise<void>;
} {
  /** Returns whether there may be more. */
  const startDue = async (): Promise<boolean> => {
    const ids = await listDeliveriesToStart(pool, STARTS_MAX);
    if (ids.length === 0) return false;
    const { started, failed } = await startEach(client, ids, (id) => startWebhookDelivery(client, id));
    await markDeliveriesStarted(pool, started, WEBHOOK_PATIENCE_SECONDS);
    const postponed = failed.map(({ item }) => item);
    await markDeliveriesStarted(pool, postponed, TROUBLE_SECONDS);
    if (failed[0])
      log.warn({ error: failed[0].error.message, deliveries: postponed }, 'webhooks can not be started; trying again');
    const more = ids.length === STARTS_MAX && failed.length === 0;
    if (more) await spreadDeliveries(pool, STARTS_MAX);
    return more;
  };

  return repeat(
    startDue,
    pollMs,
    (error) => log.warn({ error: error.message }, 'webhooks can not be started; trying again'),
    TROUBLE_POLLS * pollMs,
  );
}
