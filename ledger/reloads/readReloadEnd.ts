/** How a closed reload has ended, for whoever waits for its outcome. */
import type { Db } from '../db';

export type ReloadEnd = {
  state: string;
  cents: number;
  /** The settings it was opened for are in force. */
  inForce: boolean;
  suspended: boolean;
  /** Stripe has taken money that is not what was asked (P3). */
  quarantined: boolean;
  because: string | null;
  declineCode: string | null;
  declineMessage: string | null;
  /** The ledger line that credited it; null when it was not paid. */
  sequence: number | null;
};

/** Throws when there is no such reload. */
export async function readReloadEnd(db: Db, reloadId: string): Promise<ReloadEnd> {
  const { rows } = await db.query<{
    state: string;
    amount_cents: bigint;
    in_force: boolean | null;
    suspended: boolean;
    quarantined: boolean;
    because: string | null;
    decline_code: string | null;
    decline_message: string | null;
    sequence: bigint | null;
  }>(
    `select r.state, p.amount_cents, r.because, p.decline_code, p.decline_message, l.sequence, cardinality(b.set_reasons) > 0 as suspended, p.status = 'quarantined' as quarantined,
       s.status = 'on' and s.threshold_cents = (r.wished->>'thresholdCents')::bigint and s.amount_cents = (r.wished->>'amountCents')::bigint as in_force
     from reloads r join payments p on p.id = r.id join account_states s on s.account_id = r.account_id join balances b on b.account_id = r.account_id left join ledger_lines l on l.key = 'pi/' || p.payment_intent_id and l.kind <> 'usage'
     where r.id = $1`,
    [reloadId],
  );
  const row = rows[0];
  if (!row) throw new Error(`there is no reload ${reloadId}`);
  return {
    state: row.state,
    cents: Number(row.amount_cents),
    inForce: row.in_force ?? false,
    suspended: row.suspended,
    quarantined: row.quarantined,
    because: row.because,
    declineCode: row.decline_code,
    declineMessage: row.decline_message,
    sequence: row.sequence === null ? null : Number(row.sequence),
  };
}
