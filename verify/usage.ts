/** 2: every usage event that was taken is deducted once, summed once and reversed at most once. */
import { inRange, mayBeArchived, postingOf, type Check } from './check';

/** The month whose events may have left: days after it are complete in the database. */
const LAST_ARCHIVED_DAY = `(select coalesce(max((month || '-01')::date + interval '1 month' + interval '1 day')::date, '-infinity') from usage_archives
  where dropped_at is not null or left_out > 0)`;

const DAY = `(u.at at time zone 'UTC')::date`;

export const usageChecks: Check[] = [
  {
    invariant: '2.1 Each usage line deducts what its events cost',
    division: 'accounts',
    rows: `
      select l.account_id as place, format('line %s deducts %s, its events cost %s', l.sequence, -l.amount_nano, coalesce(u.cost::text, 'none are there')) as detail,
        case when ${mayBeArchived('l.posting')} then coalesce(u.cost, 0) > -l.amount_nano else u.cost is distinct from -l.amount_nano end as wrong
      from (select account_id, sequence, amount_nano, ${postingOf('line')} as posting from ledger_lines line
        where kind = 'usage' and ${inRange('account_id')} offset 0) l
      cross join lateral (select sum(cost_nano) as cost from usage_events u
        where u.posting = l.posting and u.account_id = l.account_id and u.sequence = l.sequence) u`,
  },
  {
    invariant: '2.2 Each usage event is deducted by a line of its account',
    division: 'postings',
    rows: `
      select u.account_id as place, format('event %s of commit %s, line %s', u.event_id, u.posting, u.sequence) as detail, l.sequence is null as wrong
      from usage_events u
      left join ledger_lines l on (l.account_id, l.sequence) = (u.account_id, u.sequence) and l.kind = 'usage' and l.reference = 'usage/' || u.posting
      where u.posting between $1 and $2`,
  },
  {
    invariant: '2.3 An event id stands once per account',
    division: 'keys',
    rows: `
      select account_id as place, format('event %s stands %s times', event_id, count(*)) as detail, count(*) > 1 as wrong
      from usage_events where hashtextextended(account_id || ' ' || event_id, 0) between $1 and $2
      group by account_id, event_id`,
  },
  {
    invariant: '2.4 The sums per day are what the lines deducted',
    division: 'accounts',
    rows: `
      select account_id as place, format('summed %s, lines %s', coalesce(d.cost, 0), coalesce(l.cost, 0)) as detail,
        coalesce(d.cost, 0) <> coalesce(l.cost, 0) as wrong
      from (
        select account_id, sum(cost_nano) as cost from (
          select account_id, cost_nano from usage_days where ${inRange('account_id')}
          union all select u.account_id, u.cost_nano from usage_unsummed n join usage_events u using (posting) where ${inRange('u.account_id')}) summed
        group by 1) d
      full join (select account_id, -sum(amount_nano) as cost from ledger_lines
        where kind in ('usage', 'usage_reversal') and ${inRange('account_id')} group by 1) l using (account_id)`,
  },
  {
    invariant: '2.5 Each day, model and kind has the counts of its events',
    division: 'once',
    rows: `
      select coalesce(d.account_id, e.account_id) as place, format('%s %s %s: %s requests of %s by the sums, %s of %s by the events',
          coalesce(d.day, e.day), coalesce(d.model, e.model), coalesce(d.kind, e.kind), d.requests, d.cost, e.requests, e.cost) as detail,
        case when coalesce(d.day, e.day) > ${LAST_ARCHIVED_DAY}
          then (coalesce(d.requests, 0), coalesce(d.input, 0), coalesce(d.output, 0), coalesce(d.images, 0), coalesce(d.cost, 0))
            <> (coalesce(e.requests, 0), coalesce(e.input, 0), coalesce(e.output, 0), coalesce(e.images, 0), coalesce(e.cost, 0))
          else false end as wrong
      from (
        select account_id, day, model, kind, sum(requests) as requests, sum(input) as input, sum(output) as output, sum(images) as images, sum(cost) as cost
        from (
          select account_id, day, model, kind, requests, input_tokens as input, output_tokens as output, images, cost_nano as cost from usage_days
          union all select u.account_id, ${DAY}, u.model, u.kind, 1, u.input_tokens, u.output_tokens, u.images, u.cost_nano
            from usage_unsummed n join usage_events u using (posting)) every group by 1, 2, 3, 4) d
      full join (
        select account_id, day, model, kind, sum(times) as requests, sum(times * input) as input, sum(times * output) as output, sum(times * images) as images,
          sum(times * cost) as cost
        from (
          select u.account_id, ${DAY} as day, u.model, u.kind, 1 as times, u.input_tokens as input, u.output_tokens as output, u.images, u.cost_nano as cost
            from usage_events u
          union all select u.account_id, ${DAY}, u.model, u.kind, -1, u.input_tokens, u.output_tokens, u.images, u.cost_nano
            from usage_reversals r join usage_events u using (account_id, event_id, posting)) every group by 1, 2, 3, 4) e
        using (account_id, day, model, kind)`,
  },
  {
    invariant: '2.6 A reversal gives back what its event cost',
    division: 'accounts',
    rows: `
      select r.account_id as place, format('event %s cost %s, line %s gives back %s', r.event_id, u.cost_nano, r.sequence, l.amount_nano) as detail,
        case when u.cost_nano is null and ${mayBeArchived('r.posting')} then l.amount_nano is null
          else l.amount_nano is distinct from u.cost_nano end as wrong
      from usage_reversals r
      left join ledger_lines l on (l.account_id, l.sequence, l.kind) = (r.account_id, r.sequence, 'usage_reversal')
      left join lateral (select cost_nano from usage_events u
        where u.posting = r.posting and u.account_id = r.account_id and u.event_id = r.event_id) u on true
      where ${inRange('r.account_id')}`,
  },
  {
    invariant: '2.7 A settled hold was charged what its events cost',
    division: 'once',
    rows: `
      select h.account_id as place, format('hold %s was charged %s, its events cost %s', h.id, h.charged_nano, coalesce(u.costs::text, 'nothing')) as detail,
        h.charged_nano <> 0 and not h.charged_nano = any (coalesce(u.costs, '{}')) as wrong
      from holds h
      left join (select hold_id, array_agg(cost) as costs from (
        select hold_id, posting, sum(cost_nano)::bigint as cost from usage_events where hold_id is not null group by 1, 2) one group by 1) u on u.hold_id = h.id
      where h.status = 'settled' and h.ended_at > ${LAST_ARCHIVED_DAY}::timestamp at time zone 'UTC'`,
  },
];
