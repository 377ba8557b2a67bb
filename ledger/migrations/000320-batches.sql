-- Files and batch jobs (L2–L4), and what a model says of batches (L1).

alter table models
  -- The largest output one answer may have; null where it is not said.
  add column max_output_tokens int check (max_output_tokens > 0),
  add column deprecated_at timestamptz,
  add column created_at timestamptz not null default clock_timestamp();
alter table model_prices
  -- Nano-dollars per million tokens in a batch; null: the ordinary price.
  add column batch_input_per_million_nano bigint check (batch_input_per_million_nano >= 0),
  add column batch_cached_input_per_million_nano bigint check (batch_cached_input_per_million_nano >= 0),
  add column batch_output_per_million_nano bigint check (batch_output_per_million_nano >= 0);

-- What a file says lies in the file store under its id.
create table files (
  id text primary key check (id like 'file-%'),
  account_id text not null references accounts,
  purpose text not null check (purpose in ('batch', 'batch_output')),
  filename text not null,
  bytes bigint not null check (bytes >= 0),
  -- Of an input: what its check has found.
  model_id text references models,
  endpoint text,
  requests int check (requests > 0),
  -- Null until its tokens are counted and its index is written; whoever counts has claimed it until then.
  input_tokens bigint,
  output_tokens bigint,
  counting_until timestamptz not null default '-infinity',
  actor text not null,
  created_at timestamptz not null default clock_timestamp(),
  -- Null: it stays until somebody deletes it.
  expires_at timestamptz,
  -- From then on nobody sees it; what it said is removed from the store, and then `erased`. In the future: it is being
  -- uploaded, and is removed then unless it was kept.
  removed_at timestamptz,
  erased boolean not null default false,
  check ((purpose = 'batch' and removed_at is null) <= (model_id is not null and endpoint is not null and requests is not null)),
  check ((input_tokens is null) = (output_tokens is null))
);
create index files_account on files (account_id, created_at, id) where removed_at is null;
create index files_uncounted on files (created_at) where purpose = 'batch' and input_tokens is null and removed_at is null;
create index files_expiring on files (expires_at) where removed_at is null;
create index files_unerased on files (removed_at) where removed_at is not null and not erased;

-- A job, with what it still reserves: both sums change in the transaction that changes balances.held_nano, and are 0 once
-- it has ended. Who changes them locks the job first and then its account; whoever holds an account's lock never waits
-- for a job.
create table batches (
  id text primary key check (id like 'batch_%'),
  account_id text not null references accounts,
  model_id text not null references models,
  endpoint text not null,
  input_file_id text not null references files,
  -- The caller's key, or null; and what was asked, so that a repeat is known and other content refused.
  idempotency_key text,
  request_hash text not null,
  -- How often the client had tried before the call that created it.
  retries int not null default 0,
  actor text not null,
  metadata jsonb,
  output_expires_seconds int,
  status text not null default 'validating' check (status in
    ('validating', 'failed', 'in_progress', 'finalizing', 'completed', 'expired', 'cancelling', 'cancelled')),
  errors jsonb,
  -- The prices of its creation, per million tokens.
  input_per_million_nano bigint not null,
  cached_input_per_million_nano bigint not null,
  output_per_million_nano bigint not null,
  requests int not null check (requests > 0),
  completed int not null default 0,
  failed int not null default 0,
  reserved_tokens bigint not null check (reserved_tokens >= 0),
  held_nano bigint not null check (held_nano >= 0),
  -- What its results have used, and cost.
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  charged_nano bigint not null default 0,
  output_file_id text references files,
  error_file_id text references files,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz not null,
  in_progress_at timestamptz,
  finalizing_at timestamptz,
  completed_at timestamptz,
  failed_at timestamptz,
  expired_at timestamptz,
  cancelling_at timestamptz,
  cancelled_at timestamptz,
  -- No result is taken any more: its files are being written, or are final.
  closed boolean not null default false,
  -- When its workflow is to be started, or looked for, next; `unseen`: something has changed that it has not read yet.
  start_at timestamptz not null default clock_timestamp(),
  unseen boolean not null default false,
  -- Its requests' rows are gone.
  erased boolean not null default false,
  unique (account_id, idempotency_key),
  check (completed + failed <= requests),
  check (status not in ('completed', 'failed', 'expired', 'cancelled') or (reserved_tokens = 0 and held_nano = 0))
);
create index batches_account on batches (account_id, created_at desc, id desc);
create index batches_repeated on batches (account_id, request_hash) where idempotency_key is null;
create index batches_open on batches (account_id, model_id)
  where status in ('validating', 'in_progress', 'finalizing', 'cancelling');
create index batches_starting on batches (start_at)
  where status in ('validating', 'in_progress', 'finalizing', 'cancelling');
create index batches_unerased on batches (id) where closed and not erased;
create index batches_claimable on batches (created_at, id) where status = 'in_progress';
create index batches_input on batches (input_file_id) where status in ('validating', 'in_progress', 'finalizing', 'cancelling');

-- The requests of an open job. They go once its files are written: the files say what became of each.
create table batch_requests (
  batch_id text not null references batches,
  line int not null,
  custom_id text not null,
  byte_offset bigint not null,
  byte_length int not null,
  tokens bigint not null,
  held_nano bigint not null,
  -- Handed out until then; null: to nobody, or given back.
  leased_until timestamptz,
  -- What became of it: `completed` with a 2xx answer, `failed` with another one or none.
  outcome text check (outcome in ('completed', 'failed')),
  response text,
  error text,
  primary key (batch_id, line),
  unique (batch_id, custom_id),
  check ((outcome is null) = (response is null and error is null))
);
create index batch_requests_leased on batch_requests (batch_id) where outcome is null and leased_until is not null;
create index batch_requests_open on batch_requests (batch_id, line) where outcome is null;
