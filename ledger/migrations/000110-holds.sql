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
