/** Lists what an account's workflow decided, and why, newest first (A15). */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type Decision = { at: Date; kind: string; rule: string; because: string; known: Record<string, unknown> };

/** Only those about one reload, by its number, or about the payment behind one ledger line, by its sequence. */
export type DecisionFilter = { reload?: number | undefined; transaction?: number | undefined };

// A decision is about a payment when it names the payment's id, which is a reload's id too, in what was known.
export async function listDecisions(
  db: Db,
  accountId: string,
  page: PageRequest,
  { reload, transaction }: DecisionFilter = {},
): Promise<Page<Decision>> {
  const { rows } = await db.query<Decision & { number: bigint }>(
    `select number, at, kind, rule, because, known from decisions where account_id = $1 and ($2::bigint is null or number < $2)
       and ($4::int is null or exists (select 1 from reloads r
         where r.account_id = $1 and r.number = $4 and (position(r.id::text in known::text) > 0 or position(r.id::text in decisions.id) > 0)))
       and ($5::int is null or exists (select 1 from ledger_lines l
         where l.account_id = $1 and l.sequence = $5 and l.counterparty = 'payments' and l.reference like '%/%'
           and (position(split_part(l.reference, '/', 2) in known::text) > 0
             or position(split_part(l.reference, '/', 2) in decisions.id) > 0)))
     order by number desc limit $3`,
    [accountId, page.after, page.limit + 1, reload, transaction],
  );
  return toPage(
    rows,
    page.limit,
    (row) => String(row.number),
    ({ at, kind, rule, because, known }) => ({ at, kind, rule, because, known }),
  );
}
