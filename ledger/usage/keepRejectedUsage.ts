/** Keeps usage events that were not posted, for the admins: they may be money (B4). */
import type { RejectionCode } from '../../domain/usageEvent';
import type { Db } from '../db';

/** `event` is JSON text as Postgres can keep it. */
export type RejectedEvent = { accountId: string; eventId: string; code: RejectionCode; message: string; event: string };

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
