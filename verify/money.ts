/** 1 and 4: balances, lines, their counterparts and their numbers. */
import { inRange, NANO_PER_CENT, type Check } from './check';

/** What stands on the other side of each kind of line. */
const COUNTERPARTY = `case
  when l.kind in ('prepayment', 'reload', 'refund', 'refund_reversal', 'dispute', 'dispute_reversal') then 'payments'
  when l.kind in ('usage', 'usage_reversal') then 'usage'
  else 'adjustments' end`;

export const moneyChecks: Check[] = [
  {
    invariant: '1.1 The balance is the sum of its lines',
    division: 'accounts',
    rows: `
      select b.account_id as place, format('balance %s, lines %s', b.balance_nano, coalesce(l.total, 0)) as detail,
        b.balance_nano <> coalesce(l.total, 0) as wrong
      from balances b
      left join (select account_id, sum(amount_nano) as total from ledger_lines where ${inRange('account_id')} group by 1) l using (account_id)
      where ${inRange('b.account_id')}`,
  },
  {
    invariant: '1.2 Each line carries the balance after it',
    division: 'accounts',
    rows: `
      select account_id as place, format('line %s says %s, the sum is %s', sequence, balance_after_nano, running) as detail,
        balance_after_nano <> running as wrong
      from (
        select account_id, sequence, balance_after_nano, sum(amount_nano) over (partition by account_id order by sequence) as running
        from ledger_lines where ${inRange('account_id')}) l`,
  },
  {
    invariant: '1.3 Accounts, balances, states and lines belong together',
    division: 'accounts',
    rows: `
      select id as place, concat_ws(', ', case when a.id is null then 'no account' end, case when b.account_id is null then 'no balance' end,
          case when s.account_id is null then 'no state' end) as detail,
        a.id is null or b.account_id is null or s.account_id is null as wrong
      from (
        select id from accounts where ${inRange('id')}
        union select account_id from balances where ${inRange('account_id')}
        union select account_id from account_states where ${inRange('account_id')}
        union select account_id from ledger_lines where ${inRange('account_id')}) every
      left join accounts a using (id)
      left join balances b on b.account_id = every.id
      left join account_states s on s.account_id = every.id`,
  },
  {
    invariant: '1.4 Each line has its counterpart: a payment, a reversal, a commit of usage',
    division: 'accounts',
    rows: `
      select l.account_id as place, format('line %s: %s of %s against %s, reference %s', l.sequence, l.kind, l.amount_nano, l.counterparty, l.reference) as detail,
        l.counterparty <> ${COUNTERPARTY} or case
          when l.kind in ('prepayment', 'reload') then p.id is null or p.status <> 'succeeded' or p.purpose <> l.kind
            or l.amount_nano <> p.amount_cents * ${NANO_PER_CENT} or l.key is distinct from 'pi/' || p.payment_intent_id
          when l.kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal') then p.id is null
            or l.key !~ '^pi/[^/]+/taken-back/[0-9]+$' or split_part(l.key, '/', 2) is distinct from p.payment_intent_id
          when l.kind = 'usage_reversal' then r.sequence is null
          when l.kind = 'usage' then l.reference !~ '^usage/[0-9]{1,18}$'
          else false end as wrong
      from ledger_lines l
      left join payments p on l.counterparty = 'payments' and p.account_id = l.account_id and p.purpose || '/' || p.id = l.reference
      left join usage_reversals r on l.kind = 'usage_reversal' and (r.account_id, r.sequence) = (l.account_id, l.sequence)
      where ${inRange('l.account_id')}`,
  },
  {
    invariant: '1.5 Paid − taken back − used + adjusted is what all accounts have',
    division: 'once',
    rows: `
      select 'all accounts' as place, format('paid %s, taken back %s, used %s, adjusted %s, balances %s', paid, back, used, adjusted, have) as detail,
        paid - back - used + adjusted <> have as wrong
      from (
        select (select coalesce(sum(amount_cents), 0) * ${NANO_PER_CENT} from payments where status = 'succeeded') as paid,
          (select -coalesce(sum(amount_nano), 0) from ledger_lines where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal')) as back,
          (select coalesce(sum(cost_nano), 0) from usage_days)
            + (select coalesce(sum(u.cost_nano), 0) from usage_unsummed n join usage_events u using (posting)) as used,
          (select coalesce(sum(amount_nano), 0) from ledger_lines where kind = 'adjustment') as adjusted,
          (select coalesce(sum(balance_nano), 0) from balances) as have) sums`,
  },
  {
    invariant: '4.1 Lines are numbered from 1 without gaps',
    division: 'accounts',
    rows: `
      select b.account_id as place, format('%s lines by the balance, %s found, %s to %s', b.sequence, coalesce(l.lines, 0), l.first, l.last) as detail,
        b.sequence <> coalesce(l.lines, 0) or coalesce(l.first <> 1 or l.last <> l.lines, false) as wrong
      from balances b
      left join (select account_id, count(*) as lines, min(sequence) as first, max(sequence) as last from ledger_lines where ${inRange('account_id')} group by 1) l
        using (account_id)
      where ${inRange('b.account_id')}`,
  },
  {
    invariant: '4.2 Watermarks have counted every change, and nobody knows more than there is',
    division: 'accounts',
    rows: `
      select b.account_id as place, format('watermark %s for %s lines that moved money; news %s, folded %s; falls %s and %s, told %s and %s',
          b.watermark, coalesce(l.moves, 0), b.news, b.folded_news, b.suspensions, b.lows, s.seen_suspensions, s.told_lows) as detail,
        b.watermark < coalesce(l.moves, 0) or b.folded_news > b.news or b.gate_version < 1
          or s.seen_suspensions > b.suspensions or s.told_lows > b.lows as wrong
      from balances b join account_states s using (account_id)
      left join (select account_id, count(*) as moves from ledger_lines where amount_nano <> 0 and ${inRange('account_id')} group by 1) l using (account_id)
      where ${inRange('b.account_id')}`,
  },
];
