/** Lists what reconciliation could not explain (P6). */
import type { UnexplainedKind, Unexplained } from '../../domain/reconciliation';
import type { Db } from '../db';

type Row = {
  payment_intent_id: string;
  kind: UnexplainedKind;
  account_id: string | null;
  detail: string;
  first_seen_at: Date;
  count: bigint;
};

/** Newest first, so many at most, and how many there are. */
export async function listUnexplained(db: Db, limit: number): Promise<{ count: number; newest: Unexplained[] }> {
  const { rows } = await db.query<Row>(
    'select *, count(*) over () as count from unexplained order by first_seen_at desc, payment_intent_id limit $1',
    [limit],
  );
  return {
    count: Number(rows[0]?.count ?? 0),
    newest: rows.map((row) => ({
      kind: row.kind,
      accountId: row.account_id,
      paymentIntentId: row.payment_intent_id,
      detail: row.detail,
      firstSeenAt: row.first_seen_at.toISOString(),
    })),
  };
}
