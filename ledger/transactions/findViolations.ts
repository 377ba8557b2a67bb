/** The invariants, as queries that find whatever breaks them: for tests after every fault, and for operators. */
import type { Db } from '../db';

export type Violation = { invariant: string; accountId: string; detail: string };

/** Of a commit whose events are in a file, and not in the database (B8). */
const ARCHIVED = (posting: string): string =>
  `select from usage_archives a where a.dropped_at is not null and ${posting} between a.first_posting and a.last_posting`;

/** Of a commit of which some events may have been left out when their month was restored, as their ids stood again. */
const LEFT_OUT = (posting: string): string =>
  `select from usage_archives a where a.left_out > 0 and ${posting} between a.first_posting and a.last_posting`;

/** Of a job that ran in a month whose events are in a file: what is left of its usage may be less than it has charged. */
const ARCHIVED_DURING_JOB = `select from usage_archives a where a.dropped_at is not null
  and a.month >= to_char(b.created_at at time zone 'UTC', 'YYYY-MM')
  and a.month <= to_char(coalesce(b.completed_at, b.failed_at, b.expired_at, b.cancelled_at, now()) at time zone 'UTC', 'YYYY-MM')`;

/** Each finds rows (account_id, detail) that must not be there. Consistent only within one snapshot: see findViolations. */
const INVARIANTS: Record<string, string> = {
  '1 the balance is the sum of the ledger lines': `
    select b.account_id, 'balance ' || b.balance_nano || ', lines ' || coalesce(sum(l.amount_nano), 0) as detail
    from balances b left join ledger_lines l using (account_id) group by b.account_id
    having b.balance_nano <> coalesce(sum(l.amount_nano), 0)`,
  '1 each line carries the balance after it': `
    select account_id, 'line ' || sequence as detail from (
      select *, sum(amount_nano) over (partition by account_id order by sequence) as running from ledger_lines) l
    where running <> balance_after_nano`,
  '1 every entry has its counterpart': `
    select key as account_id, 'entries sum to ' || sum(amount_nano) as detail from ledger_entries group by key having sum(amount_nano) <> 0`,
  '2 the usage events are what the ledger deducted': `
    select coalesce(l.account_id, u.account_id) as account_id, 'line ' || coalesce(l.sequence, u.sequence) as detail
    from (select account_id, sequence, amount_nano, line from ledger_lines line where kind = 'usage') l
    full join (select account_id, sequence, sum(cost_nano) as cost from usage_events group by 1, 2) u using (account_id, sequence)
    where l.amount_nano is distinct from -u.cost and not (u.cost is null and exists (${ARCHIVED('posting_of(l.line)')}))
      and not (coalesce(u.cost, 0) <= -l.amount_nano and exists (${LEFT_OUT('posting_of(l.line)')}))`,
  '2 an event id stands once per account': `
    select account_id, 'event ' || event_id as detail from usage_events group by account_id, event_id having count(*) > 1`,
  '2 the sums per day are what the ledger deducted': `
    select coalesce(d.account_id, l.account_id) as account_id, 'summed ' || coalesce(d.cost, 0) || ', lines ' || coalesce(l.cost, 0) as detail
    from (
      select account_id, sum(cost_nano) as cost from (
        select account_id, cost_nano from usage_days
        union all select u.account_id, u.cost_nano from usage_unsummed n join usage_events u on u.posting = n.posting) summed
      group by 1) d
    full join (select account_id, -sum(amount_nano) as cost from ledger_lines where counterparty = 'usage' group by 1) l using (account_id)
    where coalesce(d.cost, 0) <> coalesce(l.cost, 0)`,
  '2 a reversal gives back what its event cost': `
    select r.account_id, 'event ' || r.event_id as detail from usage_reversals r
    left join usage_events u using (account_id, event_id, posting)
    left join ledger_lines l on (l.account_id, l.sequence, l.kind) = (r.account_id, r.sequence, 'usage_reversal')
    where l.amount_nano is distinct from u.cost_nano and not (u.cost_nano is null and (exists (${ARCHIVED('r.posting')}) or exists (${LEFT_OUT('r.posting')})))
    union all
    select l.account_id, 'line ' || l.sequence from ledger_lines l left join usage_reversals r using (account_id, sequence)
    where l.kind = 'usage_reversal' and r.event_id is null`,
  '3 a succeeded payment is credited once, with its amount': `
    select p.account_id, 'payment ' || p.id as detail from payments p
    left join ledger_lines l on l.key = 'pi/' || p.payment_intent_id and l.kind <> 'usage' and l.account_id = p.account_id and l.kind = p.purpose
    where p.status = 'succeeded' and p.payment_intent_id is not null and l.amount_nano is distinct from p.amount_cents * 10000000`,
  '3 nothing is credited that was not paid': `
    select l.account_id, 'line ' || l.sequence as detail from ledger_lines l
    left join payments p on l.key = 'pi/' || p.payment_intent_id and p.status = 'succeeded'
    where l.kind in ('reload', 'prepayment') and p.id is null`,
  '3 what was taken back never exceeds what was credited': `
    select l.account_id, l.reference || ': ' || l.taken as detail from (
      select account_id, reference, -sum(amount_nano) as taken from ledger_lines
      where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal') group by 1, 2) l
    left join payments p on p.account_id = l.account_id and p.purpose || '/' || p.id = l.reference and p.status = 'succeeded'
    where l.taken < 0 or l.taken > coalesce(p.amount_cents, 0) * 10000000`,
  '5 a dispute that suspends is a reason': `
    select d.account_id, 'dispute ' || d.id as detail from disputes d
    left join suspensions s on s.account_id = d.account_id and s.reason = 'payment_disputed' where d.suspends and s.reason is null`,
  '3 at most one reload is in flight, and only one that is not decided': `
    select r.account_id, 'reload ' || r.number as detail from reloads r join payments p using (id)
    where r.closed_at is null and not payment_is_open(p.status)`,
  '4 sequences have no gaps': `
    select b.account_id, b.sequence || ' lines expected, ' || count(l.sequence) || ' found' as detail
    from balances b left join ledger_lines l using (account_id) group by b.account_id
    having count(l.sequence) <> b.sequence or coalesce(max(l.sequence), 0) <> b.sequence`,
  '5 the gate follows from money, reasons and reloads': `
    select b.account_id, b.gate_state || ' ' || array_to_string(b.gate_reasons, ',') as detail from balances b
    left join lateral (select array_agg(reason order by reason) as reasons from suspensions s where s.account_id = b.account_id) s on true
    left join reloads r on r.account_id = b.account_id and r.closed_at is null
    where b.set_reasons <> coalesce(s.reasons, '{}') or (b.reload_due_at is null) <> (r.id is null)
      or ('balance_exhausted' = any(b.gate_reasons)) <> (b.balance_nano - b.held_nano <= 0)
      or (b.gate_state = 'suspended') <> (cardinality(b.gate_reasons) > 0)`,
  '6 held is the sum of the open holds and jobs': `
    select b.account_id, 'held ' || b.held_nano || ', open holds ' || coalesce(h.amount, 0) || ', jobs ' || coalesce(j.amount, 0) as detail
    from balances b
    left join (select account_id, sum(amount_nano) as amount from holds where status = 'open' group by 1) h using (account_id)
    left join (select account_id, sum(held_nano) as amount from batches group by 1) j using (account_id)
    where b.held_nano <> coalesce(h.amount, 0) + coalesce(j.amount, 0)`,
  '6 a job reserves the tokens of its open requests': `
    select b.account_id, b.id || ': reserved ' || b.reserved_tokens || ', open ' || r.tokens as detail from batches b
    cross join lateral (select coalesce(sum(tokens) filter (where outcome is null), 0) as tokens from batch_requests where batch_id = b.id) r
    where b.status in ('in_progress', 'cancelling') and b.in_progress_at is not null and not b.closed and b.reserved_tokens <> r.tokens
    union all
    select account_id, id || ' is closed: reserved ' || reserved_tokens || ', held ' || held_nano from batches
    where closed and (reserved_tokens <> 0 or held_nano <> 0)`,
  '2 a job has charged what its usage cost': `
    select b.account_id, b.id || ': charged ' || b.charged_nano || ', usage ' || coalesce(u.cost, 0) as detail from batches b
    left join (select account_id, split_part(event_id, '/', 1) as id, sum(cost_nano) as cost from usage_events
      where kind = 'batch' group by 1, 2) u using (account_id, id)
    where b.charged_nano <> coalesce(u.cost, 0) and not (b.charged_nano > coalesce(u.cost, 0) and exists (${ARCHIVED_DURING_JOB}))`,
};

/**
 * All violations at one moment: the caller's transaction must be repeatable read, or nothing else may write.
 * @param perInvariantMax so many of each are read. @default all
 */
export async function findViolations(db: Db, perInvariantMax: number | null = null): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const [invariant, query] of Object.entries(INVARIANTS)) {
    // The bound is kept from the planner: for a few rows it would look up each line by an index, which reads a large
    // ledger many times over when there is nothing to find.
    const { rows } = await db.query<{ account_id: string; detail: string }>(
      `with wrong as materialized (${query}) select account_id, detail from wrong limit $1`,
      [perInvariantMax],
    );
    found.push(...rows.map((row) => ({ invariant, accountId: row.account_id, detail: row.detail })));
  }
  return found;
}
