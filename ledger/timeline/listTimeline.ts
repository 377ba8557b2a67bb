/** Lists all that has happened to an account, newest first: what moved its money, what was decided, tried and changed (C2). */
import { nano, type Nano } from '../../domain/money';
import type { Db } from '../db';
import { toPage, type Page, type PageRequest } from '../page';

export type Happening = {
  /** Of this happening alone, and for ever: `transaction/0000000000000000012`. */
  id: string;
  at: Date;
  source: 'transaction' | 'decision' | 'attempt' | 'audit';
  kind: string;
  /** A sentence or a name of what happened. */
  text: string;
  actor: string | null;
  /** Only of a transaction. */
  money: { sequence: number; amount: Nano; balanceAfter: Nano } | null;
  details: Record<string, unknown>;
};

type Row = Omit<Happening, 'id' | 'money'> & {
  mark: string;
  ref: string;
  sequence: bigint | null;
  amount_nano: bigint | null;
  balance_after_nano: bigint | null;
};

/** A cursor: the time in UTC to the microsecond, and what orders happenings of the same time. */
export const TIMELINE_CURSOR = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z [a-z]+\/[\w/-]{1,200}$/;

const NO_MONEY = 'null::bigint as sequence, null::bigint as amount_nano, null::bigint as balance_after_nano';
const attempts = (ofAccount: string): string => `
   select t.at, 'attempt', 'attempt/' || t.payment_id || '/' || lpad(t.attempt::text, 9, '0') || '/' || md5(t.payment_method_id), t.outcome,
     coalesce(t.decline_message, ''), null, ${NO_MONEY},
     jsonb_build_object('purpose', p.purpose, 'payment', p.id, 'reload', r.number, 'attempt', t.attempt, 'method', t.payment_method_id, 'brand', m.brand,
       'last4', m.last4, 'role', t.role, 'declineCode', t.decline_code)
   from payment_attempts t join payments p on p.id = t.payment_id
     left join reloads r on r.id = p.id left join payment_methods m on m.id = t.payment_method_id
   where ${ofAccount}`;

/**
 * Of the account $1, each with an index in the order of its times, so that a page reads a page's worth of each. Usage is
 * left out: it has lists of its own, and would hide everything else.
 */
const SOURCES = [
  `select l.at, 'transaction' as source, 'transaction/' || lpad(l.sequence::text, 19, '0') as ref, l.kind, l.description as text,
     null::text as actor, l.sequence, l.amount_nano, l.balance_after_nano, jsonb_build_object('reference', l.reference) as details
   from ledger_lines l where l.account_id = $1 and l.kind <> 'usage'`,
  `select d.at, 'decision', 'decision/' || lpad(d.number::text, 19, '0'), d.kind, d.because, null, ${NO_MONEY},
     jsonb_build_object('rule', d.rule, 'known', d.known)
   from decisions d where d.account_id = $1`,
  attempts('t.account_id = $1'),
  // From before attempts said whose they are, until a worker has come to them (ownAttempts).
  attempts('t.account_id is null and p.account_id = $1'),
  `select u.at, 'audit', 'audit/' || lpad(u.id::text, 19, '0'), u.action, u.action, u.actor, ${NO_MONEY}, u.details
   from audit u where u.account_id = $1`,
];

export async function listTimeline(db: Db, accountId: string, page: PageRequest): Promise<Page<Happening>> {
  const [at = null, ref = null] = page.after?.split(' ') ?? [];
  const newest = SOURCES.map(
    (
      source,
    ) => `(select * from (${source}) s(at, source, ref, kind, text, actor, sequence, amount_nano, balance_after_nano, details)
      where $2::timestamptz is null or s.at <= $2 and (s.at, s.ref) < ($2, $3) order by s.at desc, s.ref desc limit $4)`,
  );
  const { rows } = await db.query<Row>(
    `select *, to_char(at at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as mark from (${newest.join(' union all ')}) happened
     order by at desc, ref desc limit $4`,
    [accountId, at, ref, page.limit + 1],
  );
  return toPage(rows, page.limit, (row) => `${row.mark} ${row.ref}`, toHappening);
}

const toHappening = ({ ref, at, source, kind, text, actor, details, ...row }: Row): Happening => ({
  id: ref,
  at,
  source,
  kind,
  text,
  actor,
  details,
  money:
    row.sequence === null
      ? null
      : { sequence: Number(row.sequence), amount: nano(row.amount_nano!), balanceAfter: nano(row.balance_after_nano!) },
});
