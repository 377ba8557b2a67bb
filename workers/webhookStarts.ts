/** Starts a workflow for each webhook that is to be delivered. A crash at any line leaves it to be started again: the id is fixed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { Pool } from 'pg';
import type { Logger } from 'pino';
import { WEBHOOK_PATIENCE_SECONDS } from '../activities/webhooks';
import { deliveriesToStart, markStarted } from '../ledger/webhooks/webhookDeliveries';
import { startWebhookDelivery } from '../workflows/startWebhookDelivery';

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
  const stopping = new AbortController();
  const pause = (ms: number): Promise<void> => sleep(ms, undefined, { signal: stopping.signal }).catch(() => undefined);

  /** Returns whether there may be more. */
  const startDue = async (): Promise<boolean> => {
    const ids = await deliveriesToStart(pool, STARTS_MAX);
    if (ids.length === 0) return false;
    await Promise.all(ids.map((id) => startWebhookDelivery(client, id)));
    await markStarted(pool, ids, WEBHOOK_PATIENCE_SECONDS);
    return ids.length === STARTS_MAX;
  };

  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        if (!(await startDue())) await pause(pollMs);
      } catch (error) {
        log.warn({ error: (error as Error).message }, 'webhooks can not be started; trying again');
        await pause(TROUBLE_POLLS * pollMs);
      }
    }
  };

  const finished = loop();
  return {
    async stop() {
      stopping.abort();
      await finished;
    },
  };
}
