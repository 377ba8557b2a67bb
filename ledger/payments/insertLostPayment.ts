/** Rebuilds the row of a payment that this database has lost, from what its PaymentIntent claims (O4, P6). */
import type { PaymentClaim } from '../../domain/payment';
import type { Tx } from '../db';
import { REBUILT } from './listKnownIntents';

export type LostPayment = { claim: PaymentClaim; paymentIntentId: string; createdMs: number };

/** The caller holds the account's lock, has found no such payment, and credits it next. A reload is closed from the start. */
export async function insertLostPayment(tx: Tx, { claim, paymentIntentId, createdMs }: LostPayment): Promise<void> {
  const { paymentId, accountId, purpose, cents, idempotencyKey, requestHash } = claim;
  await tx.query(
    `insert into payments (id, account_id, purpose, amount_cents, payment_intent_id, idempotency_key, request_hash, actor, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $9, $8)`,
    [paymentId, accountId, purpose, cents, paymentIntentId, idempotencyKey, requestHash, new Date(createdMs), REBUILT],
  );
  if (purpose === 'reload') await insertLostReload(tx, claim, new Date(createdMs));
}

/** Its number may have been given again since the restore: then it gets the next one. */
async function insertLostReload(
  tx: Tx,
  { paymentId, accountId, reloadNumber }: PaymentClaim,
  openedAt: Date,
): Promise<void> {
  await tx.query(
    `insert into reloads (id, account_id, number, state, due_at, because, opened_at, closed_at)
     select $1, $2, case when $3::int is null or bool_or(number = $3) then coalesce(max(number), 0) + 1 else $3 end,
       'canceled', $4, 'rebuilt from Stripe', $4, now() from reloads where account_id = $2`,
    [paymentId, accountId, reloadNumber, openedAt],
  );
}
