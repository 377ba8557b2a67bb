/** Lists accounts, newest first, for admins: filtered by gate, by auto-reload, by a text in id, name or a member's address. */
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { GateState } from '../../domain/gate';
import { selectAccountViews, toAccountView, type AccountView, type AccountViewRow } from './accountView';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type AccountFilter = { gate?: GateState; autoReload?: AutoReloadStatus; q?: string };

export async function listAccounts(db: Db, filter: AccountFilter, page: PageRequest): Promise<Page<AccountView>> {
  const { rows } = await db.query<AccountViewRow>(
    `${selectAccountViews}
     where ($1::text is null or b.gate_state = $1) and ($2::text is null or s.status = $2)
       and ($3::text is null or a.id ilike $3 or a.name ilike $3 or exists (
         select 1 from members m where m.account_id = a.id and m.removed_at is null and m.email ilike $3))
       and ($4::text is null or (a.created_at, a.id) < (select created_at, id from accounts where id = $4))
     order by a.created_at desc, a.id desc limit $5`,
    [filter.gate, filter.autoReload, filter.q === undefined ? null : containing(filter.q), page.after, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => row.account_id, toAccountView);
}

/** What people type is text, not a pattern. */
const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
