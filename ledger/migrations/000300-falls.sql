-- What owners are told of follows from what has happened, not from what the workflow happened to see: an account may be
-- credited and used up again between two looks, and be as it was. So Postgres counts how often access went, and how often
-- the balance became low; the account's state says which of these its owners have been told of (N1).
alter table balances
  add column suspensions bigint not null default 0,
  add column lows bigint not null default 0;
alter table account_states
  add column seen_suspensions bigint not null default 0,
  add column told_lows bigint not null default 0;

create function count_falls() returns trigger language plpgsql as $$
declare
  was bigint := old.balance_nano - old.held_nano;
  available bigint := new.balance_nano - new.held_nano;
begin
  if (available <= 0 or cardinality(new.set_reasons) > 0) and not (was <= 0 or cardinality(old.set_reasons) > 0) then
    new.suspensions := old.suspensions + 1;
  end if;
  if available <= new.low_level_nano and was > old.low_level_nano then
    new.lows := old.lows + 1;
  end if;
  -- The workflow must read it, even if the balance is back on the side on which it was seen last.
  new.news := new.news + 1;
  return new;
end $$;
-- Its name comes before `balances_derive`, which says by `news` whether the workflow is to be woken. The condition is
-- cheap, so usage that crosses nothing pays nothing for it.
create trigger balances_count_falls before update on balances for each row
  when (
    (new.balance_nano - new.held_nano <= 0 or cardinality(new.set_reasons) > 0)
      and old.balance_nano - old.held_nano > 0 and cardinality(old.set_reasons) = 0
    or new.balance_nano - new.held_nano <= new.low_level_nano and old.balance_nano - old.held_nano > old.low_level_nano)
  execute function count_falls();

-- A payment of a closed reload that Stripe lets nobody cancel keeps the next reload from opening: the state says so.
alter table account_states
  drop constraint account_states_blocked_by_check,
  add constraint account_states_blocked_by_check
    check (blocked_by in ('monthly_limit', 'breaker', 'suspended', 'pending_payment'));
