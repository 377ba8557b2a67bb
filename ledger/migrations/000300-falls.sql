-- What owners are told of follows from what has happened, not from what the workflow happened to see: an account may be
-- credited and used up again between two looks, and be as it was. So Postgres counts how often access went, and how often
-- the balance became low (`count_falls`); the account's state says which of these its owners have been told of (N1).
alter table balances
  add column suspensions bigint not null default 0,
  add column lows bigint not null default 0;
alter table account_states
  add column seen_suspensions bigint not null default 0,
  add column told_lows bigint not null default 0;

-- A payment of a closed reload that Stripe lets nobody cancel keeps the next reload from opening: the state says so.
alter table account_states
  drop constraint account_states_blocked_by_check,
  add constraint account_states_blocked_by_check
    check (blocked_by in ('monthly_limit', 'breaker', 'suspended', 'pending_payment'));
