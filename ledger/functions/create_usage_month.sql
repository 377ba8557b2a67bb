-- Makes the partition of usage_events for a month such as 2026-11 (UTC) and answers its name; null if it is there. It is
-- made first and attached then, which keeps nobody from posting. Runs as the owner of the tables: the service's own role
-- owns none.
create or replace function create_usage_month(p_month text) returns text language plpgsql security definer
set search_path from current
as $$
declare
  first constant timestamp := (p_month || '-01')::timestamp;
  name constant text := 'usage_events_' || to_char(first, 'YYYY_MM');
begin
  perform pg_advisory_xact_lock(7225581);
  if to_regclass(quote_ident(name)) is not null then return null; end if;
  execute format('create table %I (like usage_events including defaults including constraints including indexes)', name);
  execute format('alter table usage_events attach partition %I for values from (%L) to (%L)', name,
                 first at time zone 'UTC', (first + interval '1 month') at time zone 'UTC');
  return name;
end $$;

-- What runs as the owner is for the roles that were let, not for everybody.
revoke execute on function create_usage_month(text) from public;
