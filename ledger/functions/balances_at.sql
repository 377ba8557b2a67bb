-- An account's balance just before each of some times, in ascending order, and the last line before it (0 for none). An
-- account's lines have its numbers in the order of their times, so each is found by halving: what it costs does not
-- follow the number of lines.
create or replace function balances_at(p_account text, p_times timestamptz[])
returns table (before timestamptz, last_sequence bigint, balance_nano bigint) language plpgsql stable as $$
declare
  low bigint := 0;
  high bigint;
  middle bigint;
  newest bigint := (select sequence from balances where account_id = p_account);
begin
  foreach before in array p_times loop
    high := newest;
    while low < high loop
      middle := low + (high - low + 1) / 2;
      if (select l.at < before from ledger_lines l where l.account_id = p_account and l.sequence = middle) then
        low := middle;
      else
        high := middle - 1;
      end if;
    end loop;
    last_sequence := low;
    balance_nano := coalesce(
      (select l.balance_after_nano from ledger_lines l where l.account_id = p_account and l.sequence = low), 0);
    return next;
  end loop;
end $$;
