/** Lists what an account's workflow decided, and why, newest first (A15). */
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type Decision = { at: Date; kind: string; rule: string; because: string; known: Record<string, unknown> };

export async function listDecisions(db: Db, accountId: string, page: PageRequest): Promise<Page<Decision>> {
  const { rows } = await db.query<Decision & { number: bigint }>(
    `select number, at, kind, rule, because, known from decisions where account_id = $1 and ($2::bigint is null or number < $2)
     order by number desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => String(row.number),
    ({ at, kind, rule, because, known }) => ({ at, kind, rule, because, known }),
  );
}
