-- What counts against the monthly limit (A12), in cents: every reload opened or paid in the calendar month (UTC) of p_at.
-- What is open, unknown or quarantined counts as spent, so that the limit holds whatever becomes of it. `uncanceled_cents` is the
-- part of closed reloads that are not canceled yet: their cancel frees it, and no other reload opens before (A7).
create or replace function reload_spend(p_account text, p_at timestamptz)
returns table (spent_cents bigint, uncanceled_cents bigint) language sql stable as $$
  select coalesce(sum(amount_cents), 0)::bigint,
         coalesce(sum(amount_cents) filter (
           where payment_is_open(status) and (select r.closed_at from reloads r where r.id = counted.id) is not null), 0)::bigint
  from (select date_trunc('month', p_at at time zone 'UTC') at time zone 'UTC' as start) month
  -- Each by an index of its own: the months before are not walked through.
  cross join lateral (
    select id, amount_cents, status from payments
      where account_id = p_account and purpose = 'reload' and payment_is_open(status)
    union select id, amount_cents, status from payments
      where account_id = p_account and purpose = 'reload' and status in ('succeeded', 'quarantined') and settled_at >= month.start
    union select id, amount_cents, status from payments
      where account_id = p_account and purpose = 'reload' and status in ('succeeded', 'quarantined') and created_at >= month.start) counted;
$$;
