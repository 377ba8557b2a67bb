/** Begins a prepayment under the caller's key, or finds the one that stands there (P2). */
import { createHash, randomUUID } from 'node:crypto';
import { PREPAYMENT_RANGE_CENTS } from '../../domain/autoReload';
import { Problem } from '../../domain/errors';
import { formatCents, parseMoney } from '../../domain/money';
import { recordAudit } from '../../ledger/audit/audit';
import { transaction } from '../../ledger/db';
import { beginPrepayment, findPrepayment, type Payment } from '../../ledger/payments/payments';
import { centsWithin } from '../http/cents';
import type { Call } from '../http/endpoint';
import type { Services } from '../services';

export type Wish = {
  /** As the schema has let it through. */
  amount: string;
  /** What else was asked: under the same key it must be the same. */
  content: unknown[];
  /** The method to charge, or null where it is chosen at Checkout. Asked for a new prepayment only. */
  method: () => Promise<string | null>;
};

/** Throws `idempotency_key_reused` when the key stands for something else. Of simultaneous calls all find one payment. */
export async function beginOnce(
  { params, principal, idempotencyKey }: Call<{ id: string }>,
  { pool }: Services,
  wish: Wish,
): Promise<Payment> {
  const reused = () =>
    new Problem('idempotency_key_reused', 'This Idempotency-Key stands for another prepayment of the account.');
  const requestHash = createHash('sha256')
    .update(JSON.stringify([String(parseMoney(wish.amount)), ...wish.content]))
    .digest('hex');
  const standing = await findPrepayment(pool, params.id, idempotencyKey);
  if (standing) {
    if (standing.requestHash !== requestHash) throw reused();
    return standing;
  }
  const cents = centsWithin('amount', wish.amount, PREPAYMENT_RANGE_CENTS);
  const paymentMethodId = await wish.method();
  const request = {
    id: randomUUID(),
    accountId: params.id,
    cents,
    paymentMethodId,
    idempotencyKey,
    requestHash,
    actor: principal.actor,
  };
  const begun = await transaction(pool, async (tx) => {
    const done = await beginPrepayment(tx, request);
    if (done.kind === 'new')
      await recordAudit(tx, params.id, principal.actor, 'prepayment.begin', {
        prepayment: request.id,
        amount: formatCents(cents),
        paymentMethodId,
      });
    return done;
  });
  if (begun.kind === 'key_reused') throw reused();
  return begun.payment;
}
