/** Finds which payment gives back how much when an account is closed: the newest first, as money is used oldest first. */
import type { Tx } from '../db';
import { lockAccount } from './lockAccount';
import { CLOSING_REFUND } from './readClosing';

export type ClosingRefund = {
  paymentId: string;
  cents: number;
  /** Of its request: the same as long as it is not known to be made. */
  idempotencyKey: string;
};

const NANO_PER_CENT = 10_000_000n;

/**
 * A refund that was asked for before and is not decided comes first, with its own amount. Otherwise as much of the balance
 * as a payment has left, in whole cents. Null when nothing more can go back. The caller acts on it after the transaction.
 * @param except payments that the provider has refused to refund
 */
export async function findClosingRefund(
  tx: Tx,
  accountId: string,
  except: readonly string[],
): Promise<ClosingRefund | null> {
  const { balance } = await lockAccount(tx, accountId);
  const { rows } = await tx.query<{ id: string; asked: bigint | null; left: bigint; made: bigint }>(
    `select p.id, asked.cents as asked, p.amount_cents - coalesce(taken.cents, 0) - coalesce(asked.cents, 0) - coalesce(others.cents, 0) as left,
       made.count as made
     from payments p
     left join lateral (
       select sum(amount_cents)::bigint as cents from refund_requests
       where payment_id = p.id and status = 'requested' and starts_with(idempotency_key, $3)) asked on true
     left join lateral (
       select sum(amount_cents)::bigint as cents from refund_requests
       where payment_id = p.id and status = 'requested' and not starts_with(idempotency_key, $3)) others on true
     left join lateral (
       select count(*) from refund_requests
       where payment_id = p.id and status = 'made' and starts_with(idempotency_key, $3)) made on true
     left join lateral (
       select (-sum(amount_nano) / ${NANO_PER_CENT})::bigint as cents from ledger_lines
       where reference = p.purpose || '/' || p.id
         and kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')) taken on true
     where p.account_id = $1 and p.status = 'succeeded' and p.payment_intent_id is not null and p.id <> all($2::uuid[])
       and (asked.cents is not null or p.amount_cents > coalesce(taken.cents, 0) + coalesce(others.cents, 0))
     order by asked.cents is null, p.settled_at desc, p.id limit 1`,
    [accountId, except, CLOSING_REFUND],
  );
  const row = rows[0];
  if (!row) return null;
  const balanceCents = Number(balance > 0n ? balance / NANO_PER_CENT : 0n);
  const cents = row.asked === null ? Math.min(Number(row.left), balanceCents) : Number(row.asked);
  return cents > 0 ? { paymentId: row.id, cents, idempotencyKey: `${CLOSING_REFUND}${row.id}/${row.made}` } : null;
}
