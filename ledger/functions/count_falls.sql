-- Counts how often an account's access goes and its balance becomes low, in the very transaction in which that happens:
-- what owners are told follows from it, not from what the workflow happened to see (N1).
create or replace function count_falls() returns trigger language plpgsql as $$
declare
  was bigint := old.balance_nano - old.held_nano;
  available bigint := new.balance_nano - new.held_nano;
begin
  if (available <= 0 or cardinality(new.set_reasons) > 0) and was > 0 and cardinality(old.set_reasons) = 0 then
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
create or replace trigger balances_count_falls before update on balances for each row
  when (
    (new.balance_nano - new.held_nano <= 0 or cardinality(new.set_reasons) > 0)
      and old.balance_nano - old.held_nano > 0 and cardinality(old.set_reasons) = 0
    or new.balance_nano - new.held_nano <= new.low_level_nano and old.balance_nano - old.held_nano > old.low_level_nano)
  execute function count_falls();
