/** 3: payments, what was credited for them and what was taken back. */
import { inRange, NANO_PER_CENT, type Check } from './check';

export const paymentChecks: Check[] = [
  {
    invariant: '3.1 A succeeded payment has its PaymentIntent and is credited once, with its amount',
    division: 'accounts',
    rows: `
      select p.account_id as place, format('payment %s of %s cents (%s) has %s credits of %s', p.id, p.amount_cents, coalesce(p.payment_intent_id, 'no PaymentIntent'),
          coalesce(l.lines, 0), coalesce(l.total, 0)) as detail,
        p.payment_intent_id is null or p.settled_at is null or coalesce(l.lines, 0) <> 1 or l.total <> p.amount_cents * ${NANO_PER_CENT}
          or l.key <> 'pi/' || p.payment_intent_id as wrong
      from payments p
      left join (select account_id, reference, count(*) as lines, sum(amount_nano) as total, min(key) as key from ledger_lines
        where kind in ('prepayment', 'reload') and ${inRange('account_id')} group by 1, 2) l
        on l.account_id = p.account_id and l.reference = p.purpose || '/' || p.id
      where p.status = 'succeeded' and ${inRange('p.account_id')}`,
  },
  {
    invariant: '3.2 Nothing is credited that did not succeed',
    division: 'accounts',
    rows: `
      select l.account_id as place, format('line %s of %s: its payment is %s', l.sequence, l.amount_nano, coalesce(p.status, 'not there')) as detail,
        p.status is distinct from 'succeeded' as wrong
      from ledger_lines l
      left join payments p on 'pi/' || p.payment_intent_id = l.key and p.account_id = l.account_id
      where l.kind in ('prepayment', 'reload') and ${inRange('l.account_id')}`,
  },
  {
    invariant: '3.3 What was taken back is never more than was credited, at no moment',
    division: 'accounts',
    rows: `
      select l.account_id as place, format('%s: %s taken back by line %s', l.reference, l.taken, l.sequence) as detail,
        l.taken < 0 or l.taken > coalesce(p.amount_cents, 0) * ${NANO_PER_CENT} as wrong
      from (
        select account_id, sequence, reference, -sum(amount_nano) over (partition by account_id, reference order by sequence) as taken from ledger_lines
        where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal') and ${inRange('account_id')}) l
      left join payments p on p.account_id = l.account_id and p.purpose || '/' || p.id = l.reference and p.status = 'succeeded'`,
  },
  {
    invariant: "3.4 A reload's end is that of its payment",
    division: 'accounts',
    rows: `
      select coalesce(r.account_id, p.account_id) as place,
        format('reload %s is %s%s, its payment %s', coalesce(r.id, p.id), coalesce(r.state, 'not there'), case when r.closed_at is null then ' and open' end,
          coalesce(p.status, 'not there')) as detail,
        r.id is null or p.id is null or r.account_id <> p.account_id
          or (r.closed_at is null) <> (r.state in ('charging', 'waiting', 'unknown'))
          or (r.state = 'succeeded') <> (p.status = 'succeeded')
          or r.closed_at is null and p.status not in ('processing', 'requires_action') as wrong
      from (select * from reloads where ${inRange('account_id')}) r
      full join (select * from payments where purpose = 'reload' and ${inRange('account_id')}) p using (id)`,
  },
  {
    invariant: '3.5 At most one reload is in flight',
    division: 'accounts',
    rows: `
      select account_id as place, format('%s reloads are open', count(*) filter (where closed_at is null)) as detail,
        count(*) filter (where closed_at is null) > 1 or count(distinct number) <> count(*) as wrong
      from reloads where ${inRange('account_id')} group by account_id`,
  },
  {
    invariant: '3.6 One method at most has paid, and only what is paid',
    division: 'accounts',
    rows: `
      select p.account_id as place, format('payment %s is %s, %s methods have paid', p.id, p.status, a.paid) as detail,
        a.paid > 1 or a.paid = 1 and p.status <> 'succeeded' as wrong
      from payments p
      cross join lateral (select count(distinct payment_method_id) filter (where outcome = 'succeeded') as paid, count(*) as tries
        from payment_attempts where payment_id = p.id) a
      where a.tries > 0 and ${inRange('p.account_id')}`,
  },
  {
    invariant: '3.7 A refund that was made is of a payment of its account that succeeded',
    division: 'accounts',
    rows: `
      select p.account_id as place, format('payment %s of %s cents (%s): %s refunded', p.id, p.amount_cents, p.status, sum(r.amount_cents)) as detail,
        bool_or(r.account_id <> p.account_id) or p.status <> 'succeeded' as wrong
      from refund_requests r join payments p on p.id = r.payment_id
      where r.status = 'made' and ${inRange('p.account_id')} group by p.id`,
  },
];
