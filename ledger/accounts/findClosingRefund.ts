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
  const values = [accountId, except, CLOSING_REFUND];
  const asked = await tx.query<Row>(ASKED, values);
  const { rows } =
    asked.rowCount !== 0 || balance < NANO_PER_CENT
      ? asked
      : await tx.query<Row>(NEWEST_WITH_MONEY, [...values, (balance / NANO_PER_CENT).toString()]);
  const row = rows[0];
  return row
    ? { paymentId: row.id, cents: Number(row.cents), idempotencyKey: `${CLOSING_REFUND}${row.id}/${row.made}` }
    : null;
}

type Row = { id: string; cents: bigint; made: bigint };

/** How many refunds of this closing were made of the payment. */
const MADE = `(select count(*) from refund_requests
  where payment_id = p.id and status = 'made' and starts_with(idempotency_key, $3)) as made`;
const IS_PAID = `p.status = 'succeeded' and p.payment_intent_id is not null and p.id <> all($2::uuid[])`;

const ASKED = `
  select p.id, asked.cents, ${MADE}
  from (select payment_id, sum(amount_cents)::bigint as cents from refund_requests
        where account_id = $1 and status = 'requested' and starts_with(idempotency_key, $3) group by payment_id) asked
  join payments p on p.id = asked.payment_id
  where ${IS_PAID} order by p.settled_at desc, p.id limit 1`;

/** Read in the order of an index until one has something left: not through all that the account has ever paid. */
const NEWEST_WITH_MONEY = `
  select p.id, least(p.amount_cents - gone.cents, $4::bigint) as cents, ${MADE}
  from payments p
  cross join lateral (
    select coalesce((
      select sum(amount_cents)::bigint from refund_requests where payment_id = p.id and status = 'requested'), 0) + coalesce((
      select (-sum(amount_nano) / ${NANO_PER_CENT})::bigint from ledger_lines
      where reference = p.purpose || '/' || p.id
        and kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')), 0) as cents) gone
  where p.account_id = $1 and ${IS_PAID} and p.amount_cents > gone.cents
  order by p.settled_at desc, p.id limit 1`;
