/** What reconciliation reads and keeps: its mark, what to look at, what it could not explain, the ledger's own sums (P6). */
import type { Pool } from 'pg';
import type { LedgerCheck, Unexplained, UnexplainedKind } from '../../domain/reconciliation';
import { formatMoney, nano } from '../../domain/money';
import { transaction, type Db } from '../db';
import { findViolations } from '../transactions/findViolations';

export type ReconcileMarks = { scannedUntilMs: number | null; checkedAtMs: number | null };

export async function readMarks(db: Db): Promise<ReconcileMarks> {
  const { rows } = await db.query<{ scanned_until: Date | null; checked_at: Date | null }>(
    'select scanned_until, checked_at from reconciliation',
  );
  return {
    scannedUntilMs: rows[0]?.scanned_until?.getTime() ?? null,
    checkedAtMs: rows[0]?.checked_at?.getTime() ?? null,
  };
}

/** Only ever forward: runs may overlap. */
export async function saveMark(db: Db, scannedUntilMs: number): Promise<void> {
  await db.query('update reconciliation set scanned_until = greatest(scanned_until, $1)', [new Date(scannedUntilMs)]);
}

/**
 * PaymentIntents that a run looks at whatever Stripe's events say: of payments that are not final, of credits since the
 * last run, of refunds and disputes that are not decided, and what could not be explained before. In order of id.
 */
export async function listIntentsToCheck(
  db: Db,
  settledSinceMs: number,
  after: string,
  limit: number,
): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select id from (
       select payment_intent_id as id from payments where status in ('processing', 'requires_action') and payment_intent_id is not null
       union select payment_intent_id from payments where status = 'succeeded' and settled_at >= $1 and payment_intent_id is not null
       union select p.payment_intent_id from refund_requests r join payments p on p.id = r.payment_id where r.status = 'requested'
       union select p.payment_intent_id from disputes d join payments p on p.id = d.payment_id where d.state in ('inquiry', 'open')
       union select payment_intent_id from unexplained) due
     where id > $2 order by id limit $3`,
    [new Date(settledSinceMs), after, limit],
  );
  return rows.map(({ id }) => id);
}

/** Checkout pages whose end we have not heard of. In order of id. */
export async function listOpenCheckouts(db: Db, after: string, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select checkout_session_id as id from payments where status = 'processing' and payment_intent_id is null and checkout_session_id > $1
     order by 1 limit $2`,
    [after, limit],
  );
  return rows.map(({ id }) => id);
}

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

/** The whole ledger against its invariants, at one moment: it reads every line and every event, so it is not run often. */
export async function checkLedger(pool: Pool, violationsMax: number, nowMs: number): Promise<LedgerCheck> {
  return transaction(pool, async (tx) => {
    await tx.query('set transaction isolation level repeatable read');
    const violations = (await findViolations(tx)).slice(0, violationsMax);
    const { rows } = await tx.query<Record<keyof LedgerCheck['sums'], string>>(
      `select coalesce(sum(amount_nano) filter (where kind in ('prepayment', 'reload')), 0)::text as credited,
         coalesce(-sum(amount_nano) filter (where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')), 0)::text as "takenBack",
         coalesce(-sum(amount_nano) filter (where kind in ('usage', 'usage_reversal')), 0)::text as used,
         coalesce(sum(amount_nano) filter (where kind = 'adjustment'), 0)::text as adjusted,
         (select coalesce(sum(balance_nano), 0)::text from balances) as balances
       from ledger_lines`,
    );
    await tx.query('update reconciliation set checked_at = $1', [new Date(nowMs)]);
    const { credited, takenBack, used, adjusted, balances } = rows[0]!;
    const money = (sum: string): string => formatMoney(nano(BigInt(sum)));
    return {
      violations,
      sums: {
        credited: money(credited),
        takenBack: money(takenBack),
        used: money(used),
        adjusted: money(adjusted),
        balances: money(balances),
      },
    };
  });
}
