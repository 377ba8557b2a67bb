-- Money set aside for requests that are still running (B5). balances.held_nano is the sum of the open ones. Both change
-- in one transaction, under the lock of the account's balances row: whoever changes holds takes the rows of all their
-- accounts first, in order of id, and only then the holds; so nobody waits in a circle.
create table holds (
  id uuid primary key default gen_random_uuid(),
  account_id text not null references accounts,
  amount_nano bigint not null check (amount_nano >= 0),
  -- Expired is no end: the money went back by itself, but the hold can still be settled or released.
  status text not null default 'open' check (status in ('open', 'settled', 'released', 'expired')),
  expires_at timestamptz not null,
  -- The caller's key and what it asked, so that a repeat is known and other content refused.
  idempotency_key text not null,
  request_hash text not null,
  -- What it was settled with; null when usage that named it has settled it.
  settle_hash text,
  -- What the usage cost that settled it, and what went back: nothing, where it had gone back before.
  charged_nano bigint check (charged_nano >= 0),
  released_nano bigint check (released_nano between 0 and amount_nano),
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  unique (account_id, idempotency_key),
  check ((status = 'open') = (ended_at is null)),
  check ((status = 'open') = (released_nano is null)),
  check ((status = 'settled') = (charged_nano is not null))
);
create index holds_account on holds (account_id, created_at desc, id desc);
create index holds_expiring on holds (expires_at) where status = 'open';

-- Sets money aside, or says why not; once per key: again with the same content it returns the hold that stands.
-- Outcomes: placed, repeated, key_reused, unknown_account, no_amount, account_suspended, insufficient_funds. An account
-- whose money is only set aside by other holds is short of funds, not suspended for want of a payment: they come back.
-- p_amount is null where it could not be found out: then only a hold that stands is answered.
create function place_hold(p_account text, p_amount bigint, p_seconds int, p_key text, p_request_hash text)
returns table (outcome text, hold holds, account balances) language plpgsql as $$
declare
  standing holds;
  known balances;
  available bigint;
begin
  select * into known from balances b where b.account_id = p_account for no key update;
  if not found then
    return query select 'unknown_account', null::holds, null::balances;
    return;
  end if;
  select * into standing from holds h where h.account_id = p_account and h.idempotency_key = p_key;
  if found then
    return query select case when standing.request_hash = p_request_hash then 'repeated' else 'key_reused' end, standing, known;
    return;
  end if;
  if p_amount is null then
    return query select 'no_amount', null::holds, known;
    return;
  end if;
  available := known.balance_nano - known.held_nano;
  if cardinality(known.set_reasons) > 0 or known.balance_nano <= 0 then
    return query select 'account_suspended', null::holds, known;
    return;
  end if;
  if available <= 0 or available < p_amount then
    return query select 'insufficient_funds', null::holds, known;
    return;
  end if;
  update balances b set held_nano = b.held_nano + p_amount where b.account_id = p_account returning * into known;
  insert into holds (account_id, amount_nano, expires_at, idempotency_key, request_hash)
    values (p_account, p_amount, clock_timestamp() + make_interval(secs => p_seconds), p_key, p_request_hash)
    returning * into standing;
  return query select 'placed', standing, known;
end $$;

-- Gives back what was set aside by at most p_limit holds whose time is over; answers their accounts' new positions.
-- What has ended while this waited for the locks is seen by the later statements, and left alone.
create function expire_holds(p_limit int) returns setof balances language plpgsql as $$
declare
  due uuid[];
  accounts_due text[];
begin
  select array_agg(h.id), array_agg(distinct h.account_id) into due, accounts_due from (
    select id, account_id from holds where status = 'open' and expires_at <= clock_timestamp() order by expires_at limit p_limit) h;
  if due is null then return; end if;
  perform 1 from balances b where b.account_id = any(accounts_due) order by b.account_id for no key update;
  return query
    with expired as (
      update holds h set status = 'expired', released_nano = h.amount_nano, ended_at = clock_timestamp()
      where h.id = any(due) and h.status = 'open' returning h.account_id, h.amount_nano
    ), freed as (
      select e.account_id, sum(e.amount_nano)::bigint as nano from expired e group by e.account_id
    )
    update balances b set held_nano = b.held_nano - f.nano from freed f where b.account_id = f.account_id returning b.*;
end $$;
