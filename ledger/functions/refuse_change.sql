-- The database itself refuses to change what is append-only (B2): no role, no bug, no console session may.
create or replace function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;

-- Updates of these two are looked at row by row (refuse_rewriting).
create or replace trigger audit_append_only before delete or truncate on audit
  for each statement execute function refuse_change();
create or replace trigger decisions_append_only before delete or truncate on decisions
  for each statement execute function refuse_change();
create or replace trigger ledger_lines_append_only before update or delete or truncate on ledger_lines
  for each statement execute function refuse_change();
create or replace trigger usage_events_append_only before update or delete or truncate on usage_events
  for each statement execute function refuse_change();
-- Of each month too, whoever names its table.
create or replace trigger usage_events_rows_append_only before update or delete on usage_events
  for each row execute function refuse_change();
create or replace trigger usage_reversals_append_only before update or delete or truncate on usage_reversals
  for each statement execute function refuse_change();
