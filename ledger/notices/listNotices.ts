/** Lists what an account's owners were told and how each delivery went, by mail or webhook, newest first (N1, N2). */
import { UNLISTED_KINDS } from '../../domain/notice';
import type { Db } from '../db';
import { type Page, type PageRequest, toPage } from '../page';

export type NoticeView = {
  id: string;
  kind: string;
  at: Date;
  data: Record<string, unknown>;
  /** `at`: when it arrived, or was given up, as far as that is known. */
  deliveries: { to: string; channel: 'mail' | 'webhook'; status: string; attempts: number; at: string | null }[];
};

export async function listNotices(db: Db, accountId: string, page: PageRequest): Promise<Page<NoticeView>> {
  const { rows } = await db.query<NoticeView>(
    `select n.id, n.kind, n.at, n.data, coalesce((
       select json_agg(json_build_object('to', d.to, 'channel', d.channel, 'status', d.status, 'attempts', d.attempts, 'at', d.at) order by d.channel, d.to)
       from (
         select 'mail' as channel, recipient as to, status, attempts, sent_at as at from notice_deliveries where notice_id = n.id
         union all
         select 'webhook', e.url, w.status, w.attempts, w.ended_at from webhook_deliveries w join webhook_endpoints e on e.id = w.endpoint_id where w.notice_id = n.id
       ) d), '[]') as deliveries
     from notices n
     where n.account_id = $1 and n.kind <> all ($4) and ($2::uuid is null or (n.at, n.id) < (select at, id from notices where id = $2))
     order by n.at desc, n.id desc limit $3`,
    [accountId, page.after, page.limit + 1, UNLISTED_KINDS],
  );
  return toPage(
    rows,
    page.limit,
    (row) => row.id,
    ({ deliveries, ...notice }) => ({
      ...notice,
      deliveries: deliveries.map((delivery) => ({
        ...delivery,
        at: delivery.at === null ? null : new Date(delivery.at).toISOString(),
      })),
    }),
  );
}
