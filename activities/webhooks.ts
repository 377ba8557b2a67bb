/** Delivering webhooks as an activity: one try, counted before it is sent and recorded after (N2). */
import { Context } from '@temporalio/activity';
import { webhookRetryDelayMs } from '../domain/webhook';
import { waitedInVain } from '../domain/webhookTurn';
import { transaction } from '../ledger/db';
import { beginWebhookAttempt } from '../ledger/webhooks/beginWebhookAttempt';
import { recordWebhookAttempt } from '../ledger/webhooks/recordWebhookAttempt';
import type { WebhookAttempt, WebhookOutcome } from '../ledger/webhooks/webhookAttempt';
import type { WebhookAnswer } from '../notices/webhookSender';
import type { WebhookDependencies } from './dependencies';

export type WebhookTried = { kind: 'ended' } | { kind: 'put_off'; delayMs: number };

/** Beyond a try's time: the worker may be down for a while, and Temporal then goes on by itself. */
export const WEBHOOK_PATIENCE_SECONDS = 15 * 60;
/** At once in a process, of those to endpoints that may hang: the rest of its room is for those that answer quickly. */
export const SLOW_AT_ONCE_MAX = 10;
const GONE = 410;
const ERROR_LENGTH_MAX = 500;

export function createWebhookActivities({ pool, log, sendWebhook, counts }: WebhookDependencies) {
  let slowUnderWay = 0;

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

  /** @param slowToo it may go to an endpoint that hangs */
  async function tryOnce(deliveryId: string, slowToo: boolean, onQuick: () => void): Promise<WebhookTried> {
    const begun = await transaction(pool, (tx) =>
      beginWebhookAttempt(tx, deliveryId, { slowToo, patienceSeconds: WEBHOOK_PATIENCE_SECONDS }),
    );
    if (begun.kind === 'ended') return { kind: 'ended' };
    if (begun.kind === 'waits') {
      counts?.webhookWaits();
      return { kind: 'put_off', delayMs: begun.waitMs };
    }
    const { attempt, slow } = begun;
    if (!slow) onQuick();
    const startedMs = performance.now();
    const outcome = await send(attempt);
    const tookMs = performance.now() - startedMs;
    const answered = outcome.status !== null;
    await transaction(pool, (tx) =>
      recordWebhookAttempt(
        tx,
        attempt,
        outcome,
        { tookMs, inVain: waitedInVain(tookMs, answered) },
        WEBHOOK_PATIENCE_SECONDS,
      ),
    );
    counts?.webhookTried(outcome.kind);
    const { type } = attempt.payload;
    log.info(
      { delivery: deliveryId, type, attempt: attempt.attempt, outcome: outcome.kind, status: outcome.status },
      'webhook tried',
    );
    return outcome.kind === 'put_off' ? { kind: 'put_off', delayMs: outcome.delaySeconds * 1_000 } : { kind: 'ended' };
  }

  return {
    /**
     * Killed at any line it runs again: the endpoint may then see the same webhook twice, under one id. Where there is no
     * place for a try now, it says when to look again, and holds up no other meanwhile.
     */
    async deliverWebhook(deliveryId: string): Promise<WebhookTried> {
      // Taken before it is known whether it is needed: of many that begin at once no more get through.
      const slowToo = slowUnderWay < SLOW_AT_ONCE_MAX;
      let mine = slowToo ? 1 : 0;
      slowUnderWay += mine;
      const giveBack = (): void => {
        slowUnderWay -= mine;
        mine = 0;
      };
      return tryOnce(deliveryId, slowToo, giveBack).finally(giveBack);
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
