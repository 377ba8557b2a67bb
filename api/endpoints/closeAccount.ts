/** Closing an account: by an admin, once nothing is open any more and it is said what becomes of the money. */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { formatMoney } from '../../domain/money';
import { beginClosing, type BegunClosing } from '../../ledger/accounts/beginClosing';
import type { OpenWork } from '../../ledger/accounts/findOpenWork';
import type { Position } from '../../ledger/accounts/position';
import { transaction } from '../../ledger/db';
import { closeAccount } from '../../payments/closeAccount';
import { paymentSettledSignal, reasonsChangedSignal } from '../../workflows/messages';
import { accepted, ok } from '../http/endpoint';
import { accountId, money, ofAccount, text, time } from '../http/schemas';
import { endpoint, forPayments, type Uses } from '../services';

/** What takes longer goes on when it is asked for again. */
const CLOSING_MS_MAX = 20_000;

const wish = z
  .strictObject({ balance: z.enum(['refund', 'forfeit']).optional(), reason: text(500).optional() })
  .refine(({ balance, reason }) => balance !== 'forfeit' || reason !== undefined, {
    path: ['reason'],
    message: 'must say why the balance is forfeited',
  });

/** Closed before, it answers the same. Cut off at any point, the same call again goes on where it was. */
export const close = endpoint({
  uses: [...forPayments, 'keyring'],
  params: ofAccount,
  query: wish,
  replies: {
    200: z.strictObject({ id: accountId, closedAt: time, refunded: money, forfeited: money }),
    202: z.strictObject({ id: accountId, status: z.literal('closing') }),
  },
  refusals: ['account_not_empty', 'payments_unavailable'],
  async handle({ params: { id }, query: { balance, reason }, principal }, services) {
    const { pool, gates, signals } = services;
    const begun = await transaction(pool, async (tx) =>
      begunOrRefused(
        id,
        await beginClosing(
          tx,
          {
            accountId: id,
            balance: balance ?? null,
            reason: reason ?? 'no reason given',
            actor: principal.actor,
            nowMs: services.clock.now(),
          },
          services.policy,
        ),
      ),
    );
    if (begun.kind === 'begun') tell(begun.position, services);
    const closing = await closeAccount(services, id, principal.actor, performance.now() + CLOSING_MS_MAX);
    signals.tell(id, paymentSettledSignal);
    await gates.look(id);
    if (!closing) return accepted({ id, status: 'closing' });
    return ok({
      id,
      closedAt: closing.closedAt!.toISOString(),
      refunded: formatMoney(closing.refunded),
      forfeited: formatMoney(closing.forfeited),
    });
  },
});

/** Its gate denies and its keys are dead in this process at once, elsewhere as soon as ever. */
function tell(position: Position, { gates, keyring, signals }: Uses<'gates' | 'keyring' | 'signals'>): void {
  gates.learn(position);
  keyring.forget();
  signals.tell(position.accountId, reasonsChangedSignal);
}

function begunOrRefused(id: string, begun: BegunClosing): Extract<BegunClosing, { kind: 'begun' | 'closed' }> {
  switch (begun.kind) {
    case 'begun':
    case 'closed':
      return begun;
    case 'not_found':
      throw notFound(`account ${id}`);
    case 'open_work':
      throw new Problem('account_not_empty', tellOpenWork(begun.work));
    case 'balance_left':
      throw new Problem(
        'account_not_empty',
        `$${formatMoney(begun.balance)} is left. Say what becomes of it: ?balance=refund, or ?balance=forfeit with a reason.`,
      );
  }
}

/** What is open, each kind with its number and its oldest, and what to do about it. */
function tellOpenWork(work: readonly OpenWork[]): string {
  const payments = work.filter(({ kind }) => kind !== 'batch');
  const batches = work.filter(({ kind }) => kind === 'batch');
  const sentences: string[] = [];
  if (payments.length > 0) {
    const { kind, id } = payments[0]!;
    sentences.push(
      `${payments.length} of the account's payments are not decided yet; the oldest is ${kind} ${id}. Wait for them, or cancel or refund them at the payment provider.`,
    );
  }
  if (batches.length > 0)
    sentences.push(
      `${batches.length} of the account's batches have not ended; the oldest is ${batches[0]!.id}. Wait for them, or cancel them.`,
    );
  return sentences.join(' ');
}
