-- Who pays: accounts, their members, and the keys that open the API.
create table accounts (
  id text primary key check (id ~ '^[A-Za-z0-9_-]{1,64}$'),
  name text not null,
  tier text not null,
  stripe_customer_id text unique,
  created_at timestamptz not null default now()
);

create table members (
  id uuid primary key default gen_random_uuid(),
  account_id text not null references accounts,
  name text not null,
  email text not null,
  role text not null check (role in ('owner', 'resource_modifier', 'member')),
  created_at timestamptz not null default now(),
  removed_at timestamptz
);
create unique index members_email on members (account_id, lower(email)) where removed_at is null;

-- Only the SHA-256 of a key is kept: keys are 32 random bytes, so no salt and no slow hash are needed.
create table api_keys (
  id uuid primary key default gen_random_uuid(),
  hash bytea not null unique,
  role text not null check (role in ('admin', 'service', 'member')),
  member_id uuid references members,
  name text not null,
  created_at timestamptz not null default now(),
  revoked_at timestamptz,
  check ((role = 'member') = (member_id is not null))
);
create index api_keys_member on api_keys (member_id);

create table audit (
  id bigint generated always as identity primary key,
  account_id text,
  at timestamptz not null default now(),
  actor text not null,
  action text not null,
  details jsonb not null
);
create index audit_account on audit (account_id, id desc);
