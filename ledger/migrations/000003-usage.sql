-- What is sold and what was used: models with versioned prices, usage events, and what was not taken.
create table models (
  id text primary key,
  provider text not null,
  license text not null check (license in ('open', 'commercial')),
  input text[] not null,
  output text not null check (output in ('text', 'image', 'embedding', 'audio', 'ranking')),
  batch boolean not null
);

create table model_prices (
  model_id text not null references models,
  starts_at timestamptz not null,
  input_per_million_nano bigint check (input_per_million_nano >= 0),
  cached_input_per_million_nano bigint check (cached_input_per_million_nano >= 0),
  output_per_million_nano bigint check (output_per_million_nano >= 0),
  per_image_nano jsonb,
  primary key (model_id, starts_at)
);

-- The key (account, event id) is for ever (B3). `sequence` is the ledger line that deducted the event.
create table usage_events (
  account_id text not null,
  event_id text not null,
  sequence bigint not null,
  model text not null,
  input_tokens bigint not null,
  cached_input_tokens bigint not null,
  output_tokens bigint not null,
  images bigint not null,
  image_size text,
  hold_id uuid,
  at timestamptz not null,
  cost_nano bigint not null check (cost_nano >= 0),
  primary key (account_id, event_id)
);
create index usage_events_line on usage_events (account_id, sequence);

create table usage_reversals (
  account_id text not null,
  event_id text not null,
  sequence bigint not null,
  reason text not null,
  actor text not null,
  at timestamptz not null default now(),
  primary key (account_id, event_id)
);

-- Events that were not taken, kept for the admins: they may be money (B4). `account_id` is as it was reported.
create table rejected_usage (
  id bigint generated always as identity primary key,
  account_id text not null,
  event_id text not null,
  code text not null,
  message text not null,
  event jsonb not null,
  at timestamptz not null default now()
);
create index rejected_usage_account on rejected_usage (account_id, id desc);
