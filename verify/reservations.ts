/** 6: nothing is held that nobody holds, and nothing outlives its owner. */
import { OPEN_BATCH } from './batches';
import { inRange, type Check } from './check';

/** @param graceSeconds how late a loop that ends what is over may be */
export const reservationChecks = (graceSeconds: number): Check[] => [
  {
    invariant: '6.1 Held is the sum of the open holds and of what batches hold',
    division: 'accounts',
    rows: `
      select account_id as place, format('held %s, open holds %s, batches %s', b.held_nano, coalesce(h.amount, 0), coalesce(j.amount, 0)) as detail,
        coalesce(b.held_nano, 0) <> coalesce(h.amount, 0) + coalesce(j.amount, 0) as wrong
      from (select account_id, held_nano from balances where ${inRange('account_id')}) b
      full join (select account_id, sum(amount_nano) as amount from holds where status = 'open' and ${inRange('account_id')} group by 1) h using (account_id)
      full join (select account_id, sum(held_nano) as amount from batches where ${inRange('account_id')} group by 1) j using (account_id)`,
  },
  {
    invariant: '6.2 No hold is open past its time, or of a closed account',
    division: 'accounts',
    rows: `
      select h.account_id as place, format('hold %s of %s until %s%s', h.id, h.amount_nano, h.expires_at, case when a.closing_at is not null then ', the account is closed' end) as detail,
        h.expires_at < now() - interval '${graceSeconds} seconds' or a.closing_at is not null as wrong
      from holds h left join accounts a on a.id = h.account_id where h.status = 'open' and ${inRange('h.account_id')}`,
  },
  {
    invariant: '6.3 An ended hold gave back what it did not charge',
    division: 'accounts',
    rows: `
      select account_id as place, format('hold %s of %s is %s: charged %s, released %s', id, amount_nano, status, charged_nano, released_nano) as detail,
        case status when 'settled' then released_nano not in (greatest(amount_nano - charged_nano, 0), 0) else released_nano is distinct from amount_nano
          and not (status = 'released' and released_nano = 0) end as wrong
      from holds where status <> 'open' and ${inRange('account_id')}`,
  },
  {
    invariant: '6.7 Nothing is open for a closed account',
    division: 'accounts',
    rows: `
      select a.id as place, concat_ws(', ', case when a.closed_at is not null and k.keys > 0 then k.keys || ' keys' end, case when j.jobs > 0 then j.jobs || ' batches' end,
          case when q.requests > 0 then q.requests || ' limit requests' end) as detail,
        a.closed_at is not null and k.keys > 0 or j.jobs > 0 or q.requests > 0 as wrong
      from accounts a
      cross join lateral (select count(*) as keys from api_keys k join members m on m.id = k.member_id where m.account_id = a.id and k.revoked_at is null) k
      cross join lateral (select count(*) as jobs from batches b where b.account_id = a.id and b.status in ${OPEN_BATCH}) j
      cross join lateral (select count(*) as requests from limit_requests q where q.account_id = a.id and q.status = 'pending') q
      where a.closed_at is not null and ${inRange('a.id')}`,
  },
  {
    invariant: '6.8 What an admin approved is in force',
    division: 'accounts',
    rows: `
      select q.account_id as place, format('request %s: %s to %s is not in force', q.id, q.key, q.limit_value) as detail, l.account_id is null as wrong
      from limit_requests q left join limit_raises l on (l.account_id, l.key, l.model_id) = (q.account_id, q.key, coalesce(q.model_id, ''))
      where q.status = 'approved' and ${inRange('q.account_id')}`,
  },
];
