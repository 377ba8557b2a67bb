/** Usage events that were not taken, kept for the admins: they may be money (B4). */
import type { RejectionCode } from '../../domain/usageEvent';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

/** `event` is JSON text as Postgres can keep it. */
export type RejectedEvent = { accountId: string; eventId: string; code: RejectionCode; message: string; event: string };
export type RejectedUsage = { id: string; code: RejectionCode; message: string; event: unknown; at: Date };

/** Keeps the events; one that is kept already, with the same content and reason, is not kept twice. */
export async function keepRejectedUsage(db: Db, rejected: readonly RejectedEvent[]): Promise<void> {
  await db.query(
    `insert into rejected_usage (account_id, event_id, code, message, event)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[]) as new(account_id, event_id, code, message, event)
     where not exists (
       select 1 from rejected_usage old
       where (old.account_id, old.event_id, old.code, old.event) = (new.account_id, new.event_id, new.code, new.event))`,
    [
      rejected.map(({ accountId }) => accountId),
      rejected.map(({ eventId }) => eventId),
      rejected.map(({ code }) => code),
      rejected.map(({ message }) => message),
      rejected.map(({ event }) => event),
    ],
  );
}

type Row = { id: bigint; event_id: string; code: RejectionCode; message: string; event: unknown; at: Date };

export async function listRejectedUsage(db: Db, accountId: string, page: PageRequest): Promise<Page<RejectedUsage>> {
  const { rows } = await db.query<Row>(
    `select id, event_id, code, message, event, at from rejected_usage
     where account_id = $1 and ($2::bigint is null or id < $2) order by id desc limit $3`,
    [accountId, page.after, page.limit + 1],
  );
  return toPage(
    rows,
    page.limit,
    (row) => String(row.id),
    (row) => ({ id: row.event_id, code: row.code, message: row.message, event: row.event, at: row.at }),
  );
}
