-- Ends at most p_limit holds whose time is over, makes their money available again, and returns the new positions of their
-- accounts. A hold that was settled or released while this waited for the account's lock stays as it is: the update after
-- the lock takes open holds only.
create or replace function expire_holds(p_limit int) returns setof balances language plpgsql as $$
declare
  due uuid[];
  accounts_due text[];
begin
  select array_agg(h.id), array_agg(distinct h.account_id) into due, accounts_due from (
    select id, account_id from holds where status = 'open' and expires_at <= clock_timestamp() order by expires_at limit p_limit) h;
  if due is null then return; end if;
  perform 1 from balances b where b.account_id = any(accounts_due) order by b.account_id for no key update;
  return query
    with expired as (
      update holds h set status = 'expired', released_nano = h.amount_nano, ended_at = clock_timestamp()
      where h.id = any(due) and h.status = 'open' returning h.account_id, h.amount_nano
    ), freed as (
      select e.account_id, sum(e.amount_nano)::bigint as nano from expired e group by e.account_id
    )
    update balances b set held_nano = b.held_nano - f.nano from freed f where b.account_id = f.account_id returning b.*;
end $$;
