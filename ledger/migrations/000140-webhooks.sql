-- Outbound webhooks (N2): the endpoints an account registers, what signs for them, one delivery per notice and endpoint.
create table webhook_endpoints (
  id uuid primary key default gen_random_uuid(),
  account_id text not null references accounts,
  url text not null,
  -- Kinds of notices, or {*} for all.
  events text[] not null check (cardinality(events) > 0),
  -- The endpoint has answered that it is gone (410): nothing more is sent to it.
  disabled_at timestamptz,
  disabled_because text,
  removed_at timestamptz,
  created_at timestamptz not null default now()
);
create index webhook_endpoints_account on webhook_endpoints (account_id) where removed_at is null;

-- Kept readable: to sign, one needs the secret itself. Deleted with the endpoint.
create table webhook_secrets (
  id bigint generated always as identity primary key,
  endpoint_id uuid not null references webhook_endpoints,
  secret text not null,
  -- Null for the newest; older ones go on signing for a while after a rotation.
  expires_at timestamptz
);
create unique index webhook_secrets_newest on webhook_secrets (endpoint_id) where expires_at is null;
create index webhook_secrets_endpoint on webhook_secrets (endpoint_id);

create table webhook_deliveries (
  id uuid primary key default gen_random_uuid(),
  endpoint_id uuid not null references webhook_endpoints,
  -- Null for what the test button sends.
  notice_id uuid references notices,
  status text not null default 'pending' check (status in ('pending', 'delivered', 'failed')),
  -- Tries begun; each is counted before it is sent.
  attempts int not null default 0,
  -- When a worker starts the delivery's workflow; again when it has not been heard of in time.
  start_at timestamptz not null default now(),
  -- The status that the endpoint answered last.
  last_status int,
  last_error text,
  created_at timestamptz not null default now(),
  ended_at timestamptz,
  check ((status = 'pending') = (ended_at is null)),
  unique (notice_id, endpoint_id)
);
create index webhook_deliveries_due on webhook_deliveries (start_at) where status = 'pending';
create index webhook_deliveries_endpoint on webhook_deliveries (endpoint_id, created_at desc, id desc);
