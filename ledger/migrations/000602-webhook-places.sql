-- Tries of webhooks that are under way: each takes one of the few places of its endpoint and of its account, until it is
-- recorded, or until its time is over because its worker has died (N2). No reference to the account: a try would wait for
-- the lock under which money moves.
create table webhook_tries (
  account_id text not null,
  endpoint_id uuid not null,
  delivery_id uuid not null references webhook_deliveries,
  ends_at timestamptz not null,
  primary key (account_id, delivery_id)
);

alter table webhook_endpoints
  -- How long its last try took, in milliseconds; null before the first.
  add column took_ms int,
  -- Tries in a row that waited in vain for an answer.
  add column unanswered int not null default 0,
  -- After several of those nothing but a test is sent until then.
  add column rests_until timestamptz,
  -- When the last of those that found no place has its turn.
  add column line_ends_at timestamptz;
