/** 6: what batches hold, reserve, count and were charged. */
import { inRange, type Check } from './check';

/** The statuses of a job that has not ended. */
export const OPEN_BATCH = `('validating', 'in_progress', 'finalizing', 'cancelling')`;

export const batchChecks: Check[] = [
  {
    // A job's hold is of all its requests at once, and a nano-dollar for each more, so that it is no less than their holds, each
    // rounded up; and less than those by what earlier requests cost more than was held for them.
    invariant: '6.4 A batch holds money and tokens for its open requests only',
    division: 'accounts',
    rows: `
      select b.account_id as place, format('%s is %s: holds %s for %s, reserves %s tokens for %s', b.id, b.status, b.held_nano, r.held, b.reserved_tokens, r.tokens) as detail,
        case when b.closed or b.status not in ${OPEN_BATCH} then b.held_nano <> 0 or b.reserved_tokens <> 0
          when b.in_progress_at is not null then b.reserved_tokens <> r.tokens or b.held_nano > r.held + b.requests or b.held_nano < r.held - r.overrun
          else false end as wrong
      from batches b
      cross join lateral (
        select coalesce(sum(q.tokens) filter (where q.outcome is null), 0) as tokens, coalesce(sum(q.held_nano) filter (where q.outcome is null), 0) as held,
          coalesce(sum(greatest(u.cost - q.held_nano, 0)) filter (where q.outcome is not null), 0) as overrun
        from batch_requests q
        left join lateral (select sum(e.cost_nano) as cost from usage_events e
          where q.outcome is not null and hashtextextended(b.account_id || ' ' || b.id || '/' || q.line, 0) = hashtextextended(e.account_id || ' ' || e.event_id, 0)
            and e.account_id = b.account_id and e.event_id = b.id || '/' || q.line) u on true
        where q.batch_id = b.id and b.status in ${OPEN_BATCH} and not b.closed) r
      where ${inRange('b.account_id')}`,
  },
  {
    invariant: '6.5 A batch has counted the outcomes of its requests',
    division: 'accounts',
    rows: `
      select b.account_id as place, format('%s: %s completed and %s failed of %s, outcomes %s and %s', b.id, b.completed, b.failed, b.requests, r.completed, r.failed) as detail,
        (b.completed, b.failed) is distinct from (r.completed, r.failed) or r.requests > b.requests as wrong
      from batches b
      cross join lateral (select count(*) as requests, count(*) filter (where outcome = 'completed') as completed, count(*) filter (where outcome = 'failed') as failed
        from batch_requests q where q.batch_id = b.id) r
      where b.status in ${OPEN_BATCH} and not b.closed and b.in_progress_at is not null and ${inRange('b.account_id')}`,
  },
  {
    invariant: '6.6 A batch was charged what its usage cost',
    division: 'once',
    rows: `
      select b.account_id as place, format('%s: charged %s, usage %s', b.id, b.charged_nano, coalesce(u.cost, 0)) as detail,
        case when exists (select from usage_archives x where (x.dropped_at is not null or x.left_out > 0)
            and x.month >= to_char(b.created_at at time zone 'UTC', 'YYYY-MM')) then b.charged_nano < coalesce(u.cost, 0)
          else b.charged_nano <> coalesce(u.cost, 0) end as wrong
      from batches b
      left join (select account_id, split_part(event_id, '/', 1) as id, sum(cost_nano) as cost from usage_events where kind = 'batch' group by 1, 2) u using (account_id, id)`,
  },
];
