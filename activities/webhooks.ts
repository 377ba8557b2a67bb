/** Delivering webhooks as an activity: one try, counted before it is sent and recorded after (N2). */
import { Context } from '@temporalio/activity';
import { webhookRetryDelayMs } from '../domain/webhook';
import { transaction } from '../ledger/db';
import { beginWebhookAttempt } from '../ledger/webhooks/beginWebhookAttempt';
import { recordWebhookAttempt } from '../ledger/webhooks/recordWebhookAttempt';
import type { WebhookAttempt, WebhookOutcome } from '../ledger/webhooks/webhookAttempt';
import type { WebhookAnswer } from '../notices/webhookSender';
import type { WebhookDependencies } from './dependencies';

export type WebhookTried = { kind: 'ended' } | { kind: 'put_off'; delayMs: number };

/** Beyond a try's time: the worker may be down for a while, and Temporal then goes on by itself. */
export const WEBHOOK_PATIENCE_SECONDS = 15 * 60;
const GONE = 410;
const ERROR_LENGTH_MAX = 500;

export function createWebhookActivities({ pool, log, sendWebhook, counts }: WebhookDependencies) {
  async function send(attempt: WebhookAttempt): Promise<WebhookOutcome> {
    const stopping = Context.current().cancellationSignal;
    const answer = await sendWebhook(attempt, stopping).catch((error: Error) => error);
    // That says nothing about the endpoint: another worker tries it at once.
    if (stopping.aborted && answer instanceof Error) throw new Error('the worker is stopping', { cause: answer });
    const status = answer instanceof Error ? null : answer.status;
    if (status !== null && status >= 200 && status < 300) return { kind: 'delivered', status };
    const error = describe(answer);
    if (status === GONE) return { kind: 'gone', status, error };
    const delayMs = webhookRetryDelayMs(attempt.payload.type, attempt.attempt);
    return delayMs === null
      ? { kind: 'failed', status, error }
      : { kind: 'put_off', status, error, delaySeconds: delayMs / 1_000 };
  }

  return {
    /** Killed at any line it runs again: the endpoint may then see the same webhook twice, under one id. */
    async deliverWebhook(deliveryId: string): Promise<WebhookTried> {
      const begun = await transaction(pool, (tx) => beginWebhookAttempt(tx, deliveryId));
      if (begun.kind === 'ended') return { kind: 'ended' };
      const outcome = await send(begun.attempt);
      await transaction(pool, (tx) => recordWebhookAttempt(tx, begun.attempt, outcome, WEBHOOK_PATIENCE_SECONDS));
      counts?.webhookTried(outcome.kind);
      const {
        attempt,
        payload: { type },
      } = begun.attempt;
      log.info({ delivery: deliveryId, type, attempt, outcome: outcome.kind, status: outcome.status }, 'webhook tried');
      return outcome.kind === 'put_off'
        ? { kind: 'put_off', delayMs: outcome.delaySeconds * 1_000 }
        : { kind: 'ended' };
    },
  };
}
export type WebhookActivities = ReturnType<typeof createWebhookActivities>;

/** For the endpoint's owner; Postgres takes no NUL. */
function describe(answer: WebhookAnswer | Error): string {
  const text =
    answer instanceof Error
      ? answer.message || (answer as NodeJS.ErrnoException).code || answer.name
      : `answered ${answer.status}${answer.status >= 300 && answer.status < 400 ? '; redirects are not followed' : ''}`;
  return text.replaceAll('\0', '').slice(0, ERROR_LENGTH_MAX);
}
