/** Begins a prepayment under the caller's key, or finds the existing one (P2). */
import { formatCents } from '../domain/money';
import { requireOpenAccount } from '../ledger/accounts/requireOpenAccount';
import { recordAudit } from '../ledger/audit/recordAudit';
import { transaction } from '../ledger/db';
import { insertPrepayment } from '../ledger/payments/insertPrepayment';
import type { Payment } from '../ledger/payments/payment';
import { findPrepayment } from '../ledger/payments/findPrepayment';
import { hashOfRequest } from '../ledger/requestHash';
import type { SyncDeps } from './deps';
import { stableId } from './stableId';

export type PrepaymentWish = {
  accountId: string;
  idempotencyKey: string;
  actor: string;
  /** All that was asked, as plain JSON: under the same key it must be the same. */
  content: unknown[];
  /**
   * Asked for a new prepayment only. `paymentMethodId` is the method to charge, or null where it is chosen at Checkout.
   * What it throws is the answer, and nothing is begun.
   */
  details(): Promise<{ cents: number; paymentMethodId: string | null }>;
};

/** Of simultaneous calls all find one payment. */
export async function beginPrepayment(
  { pool }: Pick<SyncDeps, 'pool'>,
  { accountId, idempotencyKey, actor, content, details }: PrepaymentWish,
): Promise<{ kind: 'begun'; payment: Payment } | { kind: 'key_reused' }> {
  const requestHash = hashOfRequest(content);
  const existing = await findPrepayment(pool, accountId, idempotencyKey);
  if (existing)
    return existing.requestHash === requestHash ? { kind: 'begun', payment: existing } : { kind: 'key_reused' };
  const { cents, paymentMethodId } = await details();
  const id = stableId('prepayment', accountId, idempotencyKey);
  const request = { id, accountId, cents, paymentMethodId, idempotencyKey, requestHash, actor };
  const begun = await transaction(pool, async (tx) => {
    await requireOpenAccount(tx, accountId);
    const inserted = await insertPrepayment(tx, request);
    if (inserted.kind === 'new')
      await recordAudit(tx, accountId, actor, 'prepayment.begin', {
        prepayment: request.id,
        amount: formatCents(cents),
        paymentMethodId,
      });
    return inserted;
  });
  return begun.kind === 'key_reused' ? begun : { kind: 'begun', payment: begun.payment };
}
