-- balances.reload_due_at is when the account's reload in flight acts next, null when none is: the gate shows it (S4).
-- Whoever changes a reload holds the lock of its account's balances row.
create or replace function sync_reload_due() returns trigger language plpgsql as $$
declare
  due constant timestamptz := (select due_at from reloads where account_id = new.account_id and closed_at is null);
begin
  update balances set reload_due_at = due where account_id = new.account_id and reload_due_at is distinct from due;
  return null;
end $$;

create or replace trigger reloads_sync_due after insert or update of due_at, closed_at on reloads
  for each row execute function sync_reload_due();
