/** What an owner wishes to prepay, once per key (P2). */
import { PREPAYMENT_RANGE_CENTS } from '../../domain/autoReload';
import { Problem } from '../../domain/errors';
import { parseMoney } from '../../domain/money';
import type { Payment } from '../../ledger/payments/payment';
import { beginPrepayment } from '../../payments/beginPrepayment';
import { centsWithin } from '../http/cents';
import type { Call } from '../http/endpoint';
import type { Uses } from '../services';

export type Wish = {
  /** As the schema has let it through. */
  amount: string;
  /** What else was asked: under the same key it must be the same. */
  content: unknown[];
  /** The method to charge, or null where it is chosen at Checkout. Asked for a new prepayment only. */
  method: () => Promise<string | null>;
};

/** Throws `idempotency_key_reused` when the key was used for something else. Of simultaneous calls all find one payment. */
export async function beginOnce(
  { params, principal, idempotencyKey }: Call<{ id: string }>,
  services: Uses<'pool'>,
  { amount, content, method }: Wish,
): Promise<Payment> {
  const begun = await beginPrepayment(services, {
    accountId: params.id,
    idempotencyKey,
    actor: principal.actor,
    content: [String(parseMoney(amount)), ...content],
    details: async () => ({
      cents: centsWithin('amount', amount, PREPAYMENT_RANGE_CENTS),
      paymentMethodId: await method(),
    }),
  });
  if (begun.kind === 'begun') return begun.payment;
  throw reused();
}

/** A key may turn out to belong to an older prepayment, which this database had lost and found again at Stripe (O4). */
export function refuseOther(found: Payment, asked: Payment): void {
  if (found.requestHash !== asked.requestHash) throw reused();
}

const reused = (): Problem =>
  new Problem('idempotency_key_reused', 'This Idempotency-Key stands for another prepayment of the account.');
