/** Keeps what reconciliation can't explain about a PaymentIntent, until it can (P6). */
import type { UnexplainedKind } from '../../domain/reconciliation';
import type { Db } from '../db';

export type Finding = { kind: UnexplainedKind; accountId: string | null; detail: string };

/** Null: it is explained. Returns whether the finding is new. */
export async function keepFinding(db: Db, paymentIntentId: string, finding: Finding | null): Promise<boolean> {
  if (!finding) {
    await db.query('delete from unexplained where payment_intent_id = $1', [paymentIntentId]);
    return false;
  }
  const { rows } = await db.query<{ is_new: boolean }>(
    `insert into unexplained (payment_intent_id, kind, account_id, detail) values ($1, $2, $3, $4)
     on conflict (payment_intent_id) do update set kind = excluded.kind, account_id = excluded.account_id, detail = excluded.detail
     returning xmax = 0 as is_new`,
    [paymentIntentId, finding.kind, finding.accountId, finding.detail],
  );
  return rows[0]!.is_new;
}
