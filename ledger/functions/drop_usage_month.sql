-- Drops a month of usage events (B8) that is in a file, and says so in usage_archives; false if it is gone already.
-- Refuses a month that is not over for 32 days, is not in a file, was restored to be kept, or has events that are not
-- summed. Everybody who posts or reads usage waits while it is dropped, so it gives up soon: ask again. Runs as the owner
-- of the tables: the service's own role may drop nothing else.
create or replace function drop_usage_month(p_month text) returns boolean language plpgsql security definer
set search_path from current set lock_timeout = '200ms'
as $$
declare
  first constant timestamp := (p_month || '-01')::timestamp;
  name constant text := 'usage_events_' || to_char(first, 'YYYY_MM');
  archive usage_archives;
begin
  perform pg_advisory_xact_lock(7225581);
  select * into archive from usage_archives a where a.month = p_month for update;
  if not found then raise exception 'the usage of % is in no file', p_month; end if;
  if archive.dropped_at is not null then return false; end if;
  if archive.kept_until > now() then raise exception 'the usage of % was restored, to be kept until %', p_month, archive.kept_until; end if;
  if (first + interval '1 month') at time zone 'UTC' > now() - interval '32 days' then
    raise exception 'the usage of % is not old enough', p_month;
  end if;
  if exists (select from usage_unsummed where posting between archive.first_posting and archive.last_posting) then
    raise exception 'the usage of % is not summed', p_month;
  end if;
  if to_regclass(quote_ident(name)) is not null then execute format('drop table %I', name); end if;
  update usage_archives a set dropped_at = now(), kept_until = null, left_out = 0 where a.month = p_month;
  return true;
end $$;

-- What runs as the owner is for the roles that were let, not for everybody.
revoke execute on function drop_usage_month(text) from public;
