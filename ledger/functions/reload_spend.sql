-- What counts against the monthly limit (A12), in cents: every reload opened or paid in the calendar month (UTC) of p_at.
-- What is open, unknown or quarantined counts as spent, so that the limit holds whatever becomes of it. `uncanceled_cents` is the
-- part of closed reloads that are not canceled yet: their cancel frees it, and no other reload opens before (A7).
create or replace function reload_spend(p_account text, p_at timestamptz)
returns table (spent_cents bigint, uncanceled_cents bigint) language sql stable as $$
  select coalesce(sum(p.amount_cents), 0)::bigint,
         coalesce(sum(p.amount_cents) filter (where payment_is_open(p.status) and r.closed_at is not null), 0)::bigint
  from payments p
  join reloads r on r.id = p.id
  cross join (select date_trunc('month', p_at at time zone 'UTC') at time zone 'UTC' as start) month
  where p.account_id = p_account and p.purpose = 'reload'
    and (payment_is_open(p.status) or p.status in ('succeeded', 'quarantined') and (p.settled_at >= month.start or p.created_at >= month.start));
$$;
