-- Has the account's workflow read the account again: something it must know has changed. Takes the account's lock.
create or replace function raise_news(p_account text) returns setof balances language sql as $$
  update balances set news = news + 1 where account_id = p_account returning *;
$$;
