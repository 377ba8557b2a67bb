-- Keeps the gate, its version and the wake mark true in the very transaction that changes what they follow from.
create or replace function derive_position() returns trigger language plpgsql as $$
declare
  available bigint := new.balance_nano - new.held_nano;
begin
  if tg_op = 'UPDATE' and (new.balance_nano, new.held_nano) is distinct from (old.balance_nano, old.held_nano) then
    new.watermark := old.watermark + 1;
  end if;

  new.gate_reasons := case when available <= 0 then array['balance_exhausted'] else '{}' end || new.set_reasons;
  new.gate_state := case
    when cardinality(new.gate_reasons) > 0 then 'suspended'
    when new.reload_due_at is not null then 'reloading'
    when available <= new.low_level_nano then 'low'
    else 'ok' end;
  if tg_op = 'INSERT' or (new.gate_state, new.gate_reasons, new.reload_due_at)
      is distinct from (old.gate_state, old.gate_reasons, old.reload_due_at) then
    new.gate_version := new.gate_version + 1;
    new.gate_changed_xid := pg_current_xact_id();
    -- A poke without payload: Postgres folds equal ones of a transaction, and readers read the rows themselves.
    perform pg_notify('gates', '');
  end if;

  new.wake := new.news <> new.folded_news
    or (available <= 0) <> (new.folded_available_nano <= 0)
    or (available <= new.trigger_level_nano) <> (new.folded_available_nano <= new.trigger_level_nano);
  return new;
end $$;

create or replace trigger balances_derive before insert or update on balances
  for each row execute function derive_position();
