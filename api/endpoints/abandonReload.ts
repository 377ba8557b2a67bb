/** The way out for an operator when Stripe does not let the payment of a closed reload be canceled (A7). */
import { z } from 'zod';
import { notFound, Problem } from '../../domain/errors';
import { formatCents } from '../../domain/money';
import { abandonReload } from '../../ledger/reloads/abandonReload';
import { recordAudit } from '../../ledger/audit/recordAudit';
import { transaction } from '../../ledger/db';
import { paymentSettledSignal } from '../../workflows/messages';
import { ok } from '../http/endpoint';
import { accountId, money, text } from '../http/schemas';
import { endpoint } from '../services';

export const abandon = endpoint({
  params: z.strictObject({ id: accountId, number: z.coerce.number().int().min(1).max(2_147_483_647) }),
  body: { schema: z.strictObject({ reason: text(500) }) },
  replies: { 200: z.strictObject({ number: z.number().int(), amount: money, status: z.literal('canceled') }) },
  uses: ['pool', 'signals'],
  refusals: ['reload_not_abandonable'],
  async handle({ params: { id, number }, body: { reason }, principal }, { pool, signals }) {
    const payment = await transaction(pool, async (tx) => {
      const outcome = await abandonReload(tx, id, number);
      if (outcome.kind === 'not_found') throw notFound(`reload ${number}`);
      if (outcome.kind === 'not_abandonable')
        throw new Problem('reload_not_abandonable', `Reload ${number} is decided, in flight, or still being canceled.`);
      const { id: paymentId, paymentIntentId } = outcome.payment;
      await recordAudit(tx, id, principal.actor, 'reload.abandon', {
        number,
        reason,
        payment: paymentId,
        paymentIntentId,
      });
      return outcome.payment;
    });
    signals.tell(id, paymentSettledSignal);
    return ok({ number, amount: formatCents(payment.cents), status: 'canceled' });
  },
});
