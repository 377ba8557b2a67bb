-- Places a hold, or says why not. One key places one hold: asked again with the same content, it returns the existing one.
-- Outcomes: placed, repeated, key_reused, unknown_account, no_amount, account_suspended, insufficient_funds, too_many.
-- Where other holds hold all the money, the outcome is insufficient_funds and not account_suspended: the money becomes
-- available again when they end, without a payment.
-- p_amount is null where the caller could not price the hold: an existing hold of this key is then returned, and no new one placed.
-- p_open_max: so many holds of the account may be open at the same time; they are counted under its lock.
create or replace function place_hold(p_account text, p_amount bigint, p_seconds int, p_key text, p_request_hash text, p_open_max int)
returns table (outcome text, hold holds, account balances, in_use int) language plpgsql as $$
declare
  existing holds;
  known balances;
  available bigint;
  open int;
begin
  select * into known from balances b where b.account_id = p_account for no key update;
  if not found then
    return query select 'unknown_account', null::holds, null::balances, null::int;
    return;
  end if;
  select * into existing from holds h where h.account_id = p_account and h.idempotency_key = p_key;
  if found then
    return query select case when existing.request_hash = p_request_hash then 'repeated' else 'key_reused' end, existing, known, null::int;
    return;
  end if;
  if p_amount is null then
    return query select 'no_amount', null::holds, known, null::int;
    return;
  end if;
  available := known.balance_nano - known.held_nano;
  if cardinality(known.set_reasons) > 0 or known.balance_nano <= 0 then
    return query select 'account_suspended', null::holds, known, null::int;
    return;
  end if;
  if available <= 0 or available < p_amount then
    return query select 'insufficient_funds', null::holds, known, null::int;
    return;
  end if;
  select count(*) into open from holds h where h.account_id = p_account and h.status = 'open';
  if open >= p_open_max then
    return query select 'too_many', null::holds, known, open;
    return;
  end if;
  update balances b set held_nano = b.held_nano + p_amount where b.account_id = p_account returning * into known;
  insert into holds (account_id, amount_nano, expires_at, idempotency_key, request_hash)
    values (p_account, p_amount, clock_timestamp() + make_interval(secs => p_seconds), p_key, p_request_hash)
    returning * into existing;
  return query select 'placed', existing, known, open + 1;
end $$;

-- What the release before asks for, while its processes still serve: it knows no limit.
create or replace function place_hold(p_account text, p_amount bigint, p_seconds int, p_key text, p_request_hash text)
returns table (outcome text, hold holds, account balances) language sql as $$
  select outcome, hold, account from place_hold(p_account, p_amount, p_seconds, p_key, p_request_hash, 2147483647);
$$;
