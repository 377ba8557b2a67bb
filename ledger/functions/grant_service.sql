-- Lets a role do what the service does, and nothing else: read all, write rows, but never change or delete a row of a
-- table that is append-only (the tables that refuse_change and refuse_rewriting guard), nor truncate, alter or own anything. Repeated after
-- each change of schema. Takes away what an earlier schema had given. Called by the owner of the tables.
create or replace function grant_service(p_role text) returns void language plpgsql as $$
declare
  guarded text;
begin
  execute format('grant usage on schema %I to %I', current_schema(), p_role);
  execute format('revoke all on all tables in schema %I from %I', current_schema(), p_role);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', current_schema(), p_role);
  execute format('grant usage, select on all sequences in schema %I to %I', current_schema(), p_role);
  execute format('grant execute on all functions in schema %I to %I', current_schema(), p_role);
  for guarded in
    select distinct tgrelid::regclass::text from pg_trigger
    where tgfoid in ('refuse_change'::regproc, 'refuse_rewriting'::regproc) and tgparentid = 0
    union select unnest(array['consents', 'usage_archives', 'migrations', 'functions', 'builds'])
  loop
    execute format('revoke update, delete on %s from %I', guarded, p_role);
  end loop;
  -- The months of usage are written and read through usage_events only.
  for guarded in select inhrelid::regclass::text from pg_inherits where inhparent = 'usage_events'::regclass loop
    execute format('revoke all on %s from %I', guarded, p_role);
  end loop;
  execute format('revoke insert on migrations, functions, builds, usage_archives, usage_events from %I', p_role);
  -- Events are taken now, and a month leaves by drop_usage_month: neither is a column that the service writes.
  execute format('grant insert (%s) on usage_events to %I', (
    select string_agg(quote_ident(attname), ', ') from pg_attribute
    where attrelid = 'usage_events'::regclass and attnum > 0 and not attisdropped and attname <> 'taken_at'), p_role);
  execute format('grant insert (%s) on usage_archives to %I', (
    select string_agg(quote_ident(attname), ', ') from pg_attribute
    where attrelid = 'usage_archives'::regclass and attnum > 0 and not attisdropped
      and attname not in ('written_at', 'dropped_at', 'kept_until', 'left_out')), p_role);
end $$;
