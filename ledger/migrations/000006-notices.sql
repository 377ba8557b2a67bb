-- What owners are told: one notice per event, one delivery per notice and recipient, written with their cause (N1).
create table notices (
  id uuid primary key default gen_random_uuid(),
  account_id text not null references accounts,
  kind text not null,
  -- The event, so that it is told once whoever brings the news.
  key text not null unique,
  data jsonb not null,
  at timestamptz not null default now()
);
create index notices_account on notices (account_id, at desc);

create table notice_deliveries (
  notice_id uuid not null references notices,
  recipient text not null,
  status text not null default 'pending' check (status in ('pending', 'sent', 'failed')),
  attempts int not null default 0,
  next_attempt_at timestamptz not null default now(),
  last_error text,
  sent_at timestamptz,
  primary key (notice_id, recipient)
);
create index notice_deliveries_due on notice_deliveries (next_attempt_at) where status = 'pending';

-- The mailbox of the embedded default: what SMTP would have sent. Its key is the message's id: a repeat is one mail.
create table dev_mailbox (
  message_id text primary key,
  number bigint generated always as identity,
  kind text not null,
  recipient text not null,
  subject text not null,
  body text not null,
  at timestamptz not null default now()
);
