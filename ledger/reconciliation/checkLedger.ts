/** Checks the whole ledger against its invariants, and sums it up (P6). */
import type { Pool } from 'pg';
import type { LedgerCheck } from '../../domain/reconciliation';
import { findViolations } from '../transactions/findViolations';
import { inUsageSnapshot } from '../usage/inUsageSnapshot';
import { formatMoney, nano } from '../../domain/money';

/**
 * The whole ledger against its invariants, at one moment: it reads every line and every event, so it is not run often.
 * Meanwhile no month of usage is made or dropped; whoever wants to tries again.
 */
export async function checkLedger(pool: Pool, violationsMax: number): Promise<LedgerCheck> {
  return inUsageSnapshot(pool, 'repeatable read', async (tx) => {
    const violations = (await findViolations(tx, violationsMax)).slice(0, violationsMax);
    const { rows } = await tx.query<Record<keyof LedgerCheck['sums'], string>>(
      `select coalesce(sum(amount_nano) filter (where kind in ('prepayment', 'reload')), 0)::text as credited,
         coalesce(-sum(amount_nano) filter (where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')), 0)::text as "takenBack",
         coalesce(-sum(amount_nano) filter (where kind in ('usage', 'usage_reversal')), 0)::text as used,
         coalesce(sum(amount_nano) filter (where kind = 'adjustment'), 0)::text as adjusted,
         (select coalesce(sum(balance_nano), 0)::text from balances) as balances
       from ledger_lines`,
    );
    await tx.query('update reconciliation set checked_at = now(), violations = $1', [violations.length]);
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
