/** What the ledger says was taken back of payments: its lines are the truth (P5). */
import type { Payment } from './payment';
import type { Db } from '../db';

/** Whole cents, at least 0: what is debited now, reversals taken off. */
export type TakenBackCents = { refundedCents: number; disputedCents: number };

type Row = { reference: string; refunded: bigint; disputed: bigint; lines: bigint };

const NANO_PER_CENT = 10_000_000n;

const toCents = (amount: bigint): number => Number(amount / NANO_PER_CENT);

const referenceOf = ({ purpose, id }: Pick<Payment, 'purpose' | 'id'>): string => `${purpose}/${id}`;

/** Of each payment that anything was taken back of, by its id. `lines`: how many lines have done it. */
export async function listTakenBack(
  db: Db,
  payments: readonly Pick<Payment, 'purpose' | 'id'>[],
): Promise<Map<string, TakenBackCents & { lines: number }>> {
  const { rows } = await db.query<Row>(
    `select reference, -coalesce(sum(amount_nano) filter (where kind in ('refund', 'refund_reversal')), 0)::bigint as refunded,
       -coalesce(sum(amount_nano) filter (where kind in ('dispute', 'dispute_reversal')), 0)::bigint as disputed, count(*) as lines
     from ledger_lines where reference = any($1) and kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')
     group by reference`,
    [payments.map(referenceOf)],
  );
  const found = new Map(
    rows.map((row) => [
      row.reference,
      { refundedCents: toCents(row.refunded), disputedCents: toCents(row.disputed), lines: Number(row.lines) },
    ]),
  );
  return new Map(
    payments.flatMap((payment) => {
      const taken = found.get(referenceOf(payment));
      return taken ? [[payment.id, taken] as const] : [];
    }),
  );
}
