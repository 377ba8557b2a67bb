-- Sessions of people in the console, and the one-time secrets that begin one (C1, C2).

create table sessions (
  -- SHA-256 of the 32 random bytes in the cookie.
  hash bytea primary key,
  -- Begun with a key, and good for as long as the key is; or by a link in a mail, and then a member's.
  key_id uuid references api_keys,
  member_id uuid references members,
  -- The address that the link went to: another address of the member ends the session.
  email text,
  created_at timestamptz not null default now(),
  used_at timestamptz not null default now(),
  check (num_nonnulls(key_id, member_id) = 1),
  check ((member_id is null) = (email is null))
);
create index sessions_created on sessions (created_at);

create table sign_ins (
  id uuid primary key default gen_random_uuid(),
  -- A token that speaks for a key, by its SHA-256; or a link in a mail to an address, which is signed and kept nowhere.
  hash bytea unique,
  key_id uuid references api_keys,
  email text,
  created_at timestamptz not null default now(),
  expires_at timestamptz not null,
  used_at timestamptz,
  check ((hash is null) = (key_id is null)),
  check (num_nonnulls(key_id, email) = 1)
);
create index sign_ins_email on sign_ins (lower(email), created_at) where email is not null;
create index sign_ins_created on sign_ins (created_at);
