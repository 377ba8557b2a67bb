-- Counters of tries per key and account, as rate-limiter-flexible keeps them; its times are milliseconds.
create table rate_limits (
  key text primary key,
  points integer not null default 0,
  expire double precision
);

-- Tries of cards that are under way or were declined: five declines an hour and account, over all processes.
create table card_tries (
  id text primary key,
  account_id text not null references accounts (id),
  begun_at timestamptz not null default now(),
  declined_at timestamptz
);
create index card_tries_account on card_tries (account_id);
