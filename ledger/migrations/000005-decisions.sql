-- What the account's workflow has decided: settings, strikes, flag; with the record of why. A lost workflow starts
-- again from here (O4).
create table account_states (
  account_id text primary key references accounts,
  status text not null default 'off' check (status in ('off', 'on', 'paused', 'disabled_after_failures')),
  threshold_cents bigint,
  amount_cents bigint,
  monthly_limit_cents bigint,
  -- Raised by every change of status or settings, by whoever makes it; a save under an older version is refused.
  version bigint not null default 0,
  strikes int not null default 0,
  last_strike_at timestamptz,
  -- Raised when a method is added, replaced or removed: a waiting attempt is then due at once (A10).
  methods_version bigint not null default 0,
  -- The methods_version that the last failed attempt has tried.
  tried_methods_version bigint not null default 0,
  flag_reasons text[] not null default '{balance_exhausted}',
  flag_since timestamptz not null default now(),
  -- Whether owners were told of this suspension (N1), and of this low balance.
  told_suspended text not null default 'never' check (told_suspended in ('due', 'told', 'never')),
  told_low boolean not null default true,
  -- What keeps a reload that is due from opening, and until when; null: until it is lifted.
  blocked_by text check (blocked_by in ('monthly_limit', 'breaker', 'suspended')),
  blocked_until timestamptz,
  check (status = 'off' or (threshold_cents is not null and amount_cents is not null))
);

create table consents (
  id bigint generated always as identity primary key,
  account_id text not null references accounts,
  actor text not null,
  settings jsonb not null,
  terms_version text not null,
  at timestamptz not null default now()
);

-- The id comes from the workflow: a repeated activity writes its decision once (A15).
create table decisions (
  number bigint generated always as identity primary key,
  id text not null unique,
  account_id text not null,
  at timestamptz not null,
  kind text not null,
  rule text not null,
  because text not null,
  known jsonb not null
);
create index decisions_account on decisions (account_id, number desc);
