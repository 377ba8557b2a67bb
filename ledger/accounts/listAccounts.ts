/** Lists accounts, newest first, for admins: filtered by gate, by auto-reload, by what is wrong, by a text in id, name or a member's address. */
import type { AutoReloadStatus } from '../../domain/autoReload';
import type { GateState } from '../../domain/gate';
import { selectAccountViews, toAccountView, type AccountView, type AccountViewRow } from './accountView';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type AccountFilter = {
  gate?: GateState | undefined;
  autoReload?: AutoReloadStatus | undefined;
  q?: string | undefined;
  /** `negative`: the balance is below 0. `unexplained`: with a payment that nobody can explain, or that is quarantined. `disputed`: suspended for a dispute. */
  trouble?: 'negative' | 'unexplained' | 'disputed' | undefined;
};

export async function listAccounts(db: Db, filter: AccountFilter, page: PageRequest): Promise<Page<AccountView>> {
  const values: unknown[] = [page.after, page.limit + 1];
  const clauses = clausesOf(filter, (value) => `$${values.push(value)}`);
  const { rows } = await db.query<AccountViewRow>(
    `${selectAccountViews}
     where ($1::text is null or (a.created_at, a.id) < (select created_at, id from accounts where id = $1))
       ${clauses.map((clause) => `and ${clause}`).join(' ')}
     order by a.created_at desc, a.id desc limit $2`,
    values,
  );
  return toPage(rows, page.limit, (row) => row.account_id, toAccountView);
}

/** Only those that are given, each as its index has it. @param bind gives a value its place in the statement */
function clausesOf({ gate, autoReload, q, trouble }: AccountFilter, bind: (value: unknown) => string): string[] {
  const clauses: string[] = [];
  if (gate === 'suspended') clauses.push(SUSPENDED);
  else if (gate !== undefined) clauses.push(`b.gate_state = ${bind(gate)}`);
  if (autoReload === 'paused' || autoReload === 'disabled_after_failures') clauses.push(HALTED);
  if (autoReload !== undefined) clauses.push(`s.status = ${bind(autoReload)}`);
  // Below 0 is suspended.
  if (trouble === 'negative') clauses.push(SUSPENDED, 'b.balance_nano < 0');
  if (trouble === 'disputed') clauses.push(SUSPENDED, `'payment_disputed' = any(b.set_reasons)`);
  if (trouble === 'unexplained')
    clauses.push(
      `a.id in (select account_id from unexplained union all select account_id from payments where status = 'quarantined')`,
    );
  if (q !== undefined) {
    const pattern = bind(containing(q));
    // The addresses of members are looked through once, not once per account.
    const ofMember = `select account_id from members where removed_at is null and email ilike ${pattern}`;
    clauses.push(`(a.id ilike ${pattern} or a.name ilike ${pattern} or a.id in (${ofMember}))`);
  }
  return clauses;
}

const SUSPENDED = `b.gate_state = 'suspended'`;
const HALTED = `s.status in ('paused', 'disabled_after_failures')`;

/** What people type is text, not a pattern. */
const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`;
