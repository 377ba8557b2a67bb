-- Raised limits, the requests that led to them, dedicated endpoints and evaluation datasets (L6, L7).

create table limit_raises (
  account_id text not null references accounts,
  key text not null,
  -- Empty for limits that are not counted by model, and for all models that have none of their own.
  model_id text not null default '',
  limit_value bigint not null check (limit_value > 0),
  request_id uuid,
  at timestamptz not null default clock_timestamp(),
  primary key (account_id, key, model_id)
);

create table limit_requests (
  id uuid primary key default gen_random_uuid(),
  account_id text not null references accounts,
  key text not null,
  model_id text,
  requested bigint not null check (requested > 0),
  reason text not null,
  status text not null default 'pending' check (status in ('pending', 'approved', 'denied')),
  -- What was granted, with an approval.
  limit_value bigint,
  note text,
  actor text not null,
  -- The member who asked; null for one that is gone.
  member_id uuid,
  decided_by text,
  created_at timestamptz not null default clock_timestamp(),
  decided_at timestamptz,
  -- When its workflow is to be started, or looked for, next.
  start_at timestamptz not null default clock_timestamp(),
  reminders int not null default 0,
  check ((status = 'pending') = (decided_at is null)),
  check ((status = 'approved') = (limit_value is not null))
);
create index limit_requests_account on limit_requests (account_id, created_at desc, id desc);
create index limit_requests_newest on limit_requests (created_at desc, id desc);
create index limit_requests_pending on limit_requests (start_at) where status = 'pending';

create table dedicated_endpoints (
  account_id text not null references accounts,
  name text not null,
  model_id text not null references models,
  actor text not null,
  created_at timestamptz not null default clock_timestamp(),
  primary key (account_id, name)
);

create table evaluation_datasets (
  id text primary key,
  account_id text not null references accounts,
  rows int not null check (rows >= 0),
  bytes bigint not null check (bytes >= 0),
  format text not null check (format in ('csv', 'jsonl')),
  actor text not null,
  created_at timestamptz not null default clock_timestamp(),
  -- As of files: in the future, it is being uploaded.
  removed_at timestamptz,
  erased boolean not null default false
);
create index evaluation_datasets_account on evaluation_datasets (account_id, created_at desc, id desc) where removed_at is null;
create index evaluation_datasets_unerased on evaluation_datasets (removed_at) where removed_at is not null and not erased;
