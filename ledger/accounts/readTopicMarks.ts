/** Reads how far an account's records go, by topic, to tell which of them have grown or changed since another look (C3). */
import { UNLISTED_KINDS } from '../../domain/notice';
import type { Db } from '../db';

/** What lists show of an account; a look at one reads its newest rows only. */
export const TOPICS = [
  'transactions',
  'auto_reload',
  'reloads',
  'prepayments',
  'decisions',
  'notices',
  'batches',
  'webhook_deliveries',
] as const;

/** By topic, a text that another state of its records does not have. */
export type TopicMarks = Record<(typeof TOPICS)[number], string> & { audit: number };

/**
 * Each account costs so many looks into indexes, however much it has. What is not usage in the ledger is in the marks of
 * reloads and prepayments: a refund or a dispute changes an old one, and a payment that ends may not be among the newest.
 * Batches that are open are counted beside the newest, as the progress of an older one moves, too.
 */
export async function readTopicMarks(db: Db, accountIds: readonly string[]): Promise<Map<string, TopicMarks>> {
  const { rows } = await db.query<{ id: string; audit: bigint } & Record<(typeof TOPICS)[number], string>>({
    name: 'read-topic-marks',
    text: `
      select w.id, b.sequence::text as transactions,
        concat_ws('/', s.version, s.status, s.strikes, s.blocked_by, b.reload_due_at, b.gate_state) as auto_reload,
        concat_ws('/', (select concat_ws('/', number, state, attempt, due_at) from reloads
          where account_id = w.id order by number desc limit 1), l.sequence) as reloads,
        concat_ws('/', (select string_agg(p.mark, ',') from (select concat(id, status) as mark from payments
          where account_id = w.id order by created_at desc limit 5) p), l.sequence) as prepayments,
        coalesce((select number::text from decisions where account_id = w.id order by number desc limit 1), '') as decisions,
        coalesce((select string_agg(concat_ws('/', n.id, (select string_agg(concat(d.status, d.attempts), ',' order by d.recipient)
            from notice_deliveries d where d.notice_id = n.id)), ';')
          from (select id from notices where account_id = w.id and kind <> all ($2) order by at desc, id desc limit 5) n), '') as notices,
        concat_ws('/', (select string_agg(j.mark, ',') from (select concat_ws('/', id, status, completed, failed) as mark from batches
            where account_id = w.id order by created_at desc, id desc limit 10) j),
          (select concat_ws('/', count(*), sum(completed), sum(failed)) from batches
            where account_id = w.id and status in ('validating', 'in_progress', 'finalizing', 'cancelling'))) as batches,
        coalesce((select string_agg(d.mark, ',' order by d.mark)
          from webhook_endpoints e cross join lateral (select concat_ws('/', id, status, attempts) as mark
            from webhook_deliveries where endpoint_id = e.id order by created_at desc, id desc limit 5) d
          where e.account_id = w.id and e.removed_at is null), '') as webhook_deliveries,
        coalesce((select id from audit where account_id = w.id order by id desc limit 1), 0) as audit
      from unnest($1::text[]) w(id) join balances b on b.account_id = w.id join account_states s on s.account_id = w.id
        left join lateral (select sequence from ledger_lines
          where account_id = w.id and kind <> 'usage' order by sequence desc limit 1) l on true`,
    values: [accountIds, UNLISTED_KINDS],
  });
  return new Map(rows.map(({ id, audit, ...marks }) => [id, { ...marks, audit: Number(audit) }]));
}
