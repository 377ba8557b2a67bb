-- Makes the partition of usage_events for a month such as 2026-11 (UTC) and answers its name; null if it is there. It is
-- made first and attached then, which keeps nobody from posting for more than a moment. Usage of that month that was
-- posted while there was no partition for it lies in usage_events_other, and is moved: nobody posts or reads usage
-- meanwhile, about ten seconds for a million events. Everybody who posts or reads usage waits behind this while it waits
-- for the tables, so it gives up soon when they are not free: ask again. Runs as the owner of the tables: the service's
-- own role owns none.
create or replace function create_usage_month(p_month text) returns text language plpgsql security definer
set search_path from current set lock_timeout = '100ms'
as $$
declare
  first constant timestamp := (p_month || '-01')::timestamp;
  name constant text := 'usage_events_' || to_char(first, 'YYYY_MM');
  starts constant timestamptz := first at time zone 'UTC';
  ends constant timestamptz := (first + interval '1 month') at time zone 'UTC';
begin
  -- A backup holds the lock for long: a month that is there is told without it.
  if to_regclass(quote_ident(name)) is not null then return null; end if;
  perform pg_advisory_xact_lock(7225581);
  if to_regclass(quote_ident(name)) is not null then return null; end if;
  execute format('create table %I (like usage_events including defaults including constraints including indexes)', name);
  -- Nothing is posted between the look and the move, and nobody plans a look for ids by the months that there were.
  lock table only usage_events, usage_events_other in access exclusive mode;
  if exists (select from usage_events_other where taken_at >= starts and taken_at < ends) then
    execute format('insert into %I select * from usage_events_other where taken_at >= $1 and taken_at < $2', name) using starts, ends;
    -- The events are append-only, and are so again when this commits: each is in the other table by then.
    alter table usage_events_other disable trigger usage_events_rows_append_only;
    delete from usage_events_other where taken_at >= starts and taken_at < ends;
    alter table usage_events_other enable trigger usage_events_rows_append_only;
  end if;
  execute format('alter table usage_events attach partition %I for values from (%L) to (%L)', name, starts, ends);
  return name;
end $$;

-- What runs as the owner is for the roles that were let, not for everybody.
revoke execute on function create_usage_month(text) from public;
