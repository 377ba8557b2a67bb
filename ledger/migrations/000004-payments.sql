-- What is bought: saved methods, payments (one PaymentIntent each), reloads and their attempts.
create table payment_methods (
  id text primary key,
  account_id text not null references accounts,
  role text check (role in ('primary', 'backup')),
  brand text not null,
  last4 text not null,
  exp_month int,
  exp_year int,
  fingerprint text,
  -- Why it was declined for good; null while it may be tried (A11).
  unusable_because text,
  created_at timestamptz not null default now(),
  removed_at timestamptz
);
create unique index payment_methods_role on payment_methods (account_id, role) where role is not null and removed_at is null;

-- One payment is one PaymentIntent: created, its id stored here, and only then confirmed (A7).
create table payments (
  id uuid primary key,
  account_id text not null references accounts,
  purpose text not null check (purpose in ('prepayment', 'reload')),
  amount_cents bigint not null check (amount_cents > 0),
  status text not null check (status in ('processing', 'requires_action', 'succeeded', 'failed', 'canceled')) default 'processing',
  payment_intent_id text unique,
  -- The newest charge whose outcome is recorded: a newer one at Stripe means that another confirmation ran.
  latest_charge_id text,
  payment_method_id text,
  decline_code text,
  decline_message text,
  receipt_url text,
  -- Prepayments: the caller's key and what it asked, so that a repeat is known and other content refused (P2).
  idempotency_key text,
  request_hash text,
  actor text not null,
  created_at timestamptz not null default now(),
  settled_at timestamptz,
  unique (account_id, idempotency_key)
);
create index payments_account on payments (account_id, created_at desc);

create table reloads (
  id uuid primary key references payments,
  account_id text not null references accounts,
  number int not null,
  state text not null check (state in ('charging', 'waiting', 'unknown', 'succeeded', 'failed', 'canceled')),
  attempt int not null default 1,
  -- When the workflow acts next: now for charging, later between attempts.
  due_at timestamptz not null,
  -- A5's first charge: the settings that settling puts in force. Null for every later reload.
  wished jsonb,
  -- Why it closed, in the words of the decision.
  because text,
  opened_at timestamptz not null default now(),
  closed_at timestamptz,
  unique (account_id, number),
  check ((closed_at is null) = (state in ('charging', 'waiting', 'unknown')))
);
-- A7: at most one reload is in flight per account, whatever arrives at the same time.
create unique index reloads_one_open on reloads (account_id) where closed_at is null;
create index reloads_due on reloads (due_at) where closed_at is null;
create index reloads_opened on reloads (account_id, opened_at);

-- A row per method tried in an attempt. It is written before the confirmation is sent: what has no outcome is unknown.
create table payment_attempts (
  payment_id uuid not null references payments,
  attempt int not null,
  payment_method_id text not null,
  role text,
  -- How many confirmations were sent under keys of their own; the next one is only sent while the payment is unpaid.
  confirmations int not null,
  -- How often an unknown outcome was looked up; the waits between grow with it.
  looks int not null default 0,
  outcome text not null default 'unknown' check (outcome in ('succeeded', 'declined', 'unknown')),
  decline_code text,
  decline_message text,
  at timestamptz not null default now(),
  primary key (payment_id, attempt, payment_method_id)
);
