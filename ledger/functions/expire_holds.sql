-- Ends at most p_limit holds whose time is over, the longest first, makes their money available again, and returns the new
-- positions of their accounts. Accounts that somebody has locked are passed over: one that stays locked keeps no other's
-- money. A hold that was settled or released before this had the account's lock stays as it is: the update after the lock
-- takes open holds only.
create or replace function expire_holds(p_limit int) returns setof balances language plpgsql as $$
declare
  v_now constant timestamptz := clock_timestamp();
  due uuid[];
begin
  select array_agg(l.id) into due from (
    select h.id from holds h join balances b on b.account_id = h.account_id
    where h.status = 'open' and h.expires_at <= v_now
    order by h.expires_at limit p_limit for no key update of b skip locked) l;
  if due is null then return; end if;
  return query
    with expired as (
      update holds h set status = 'expired', released_nano = h.amount_nano, ended_at = clock_timestamp()
      where h.id = any(due) and h.status = 'open' returning h.account_id, h.amount_nano
    ), freed as (
      select e.account_id, sum(e.amount_nano)::bigint as nano from expired e group by e.account_id
    )
    update balances b set held_nano = b.held_nano - f.nano from freed f where b.account_id = f.account_id returning b.*;
end $$;
