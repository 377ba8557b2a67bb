-- The whole schema as it is today, written by `npm run schema:save`. Not to be edited, and read by no program.

create sequence usage_postings;

create table account_states (
  account_id text not null,
  status text not null default 'off'::text,
  threshold_cents bigint,
  amount_cents bigint,
  monthly_limit_cents bigint,
  version bigint not null default 0,
  strikes integer not null default 0,
  last_strike_at timestamp with time zone,
  methods_version bigint not null default 0,
  tried_methods_version bigint not null default 0,
  flag_reasons text[] not null default '{balance_exhausted}'::text[],
  flag_since timestamp with time zone not null default now(),
  told_suspended text not null default 'never'::text,
  told_low boolean not null default true,
  blocked_by text,
  blocked_until timestamp with time zone,
  seen_suspensions bigint not null default 0,
  told_lows bigint not null default 0,
  PRIMARY KEY (account_id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (blocked_by = ANY (ARRAY['monthly_limit'::text, 'breaker'::text, 'suspended'::text, 'pending_payment'::text])),
  CHECK (status = 'off'::text OR threshold_cents IS NOT NULL AND amount_cents IS NOT NULL),
  CHECK (status = ANY (ARRAY['off'::text, 'on'::text, 'paused'::text, 'disabled_after_failures'::text])),
  CHECK (told_suspended = ANY (ARRAY['due'::text, 'told'::text, 'never'::text]))
);
CREATE INDEX account_states_halted ON account_states USING btree (account_id) WHERE (status = ANY (ARRAY['paused'::text, 'disabled_after_failures'::text]));
CREATE INDEX account_states_waiting ON account_states USING btree (account_id) WHERE ((blocked_until IS NOT NULL) OR (told_suspended = 'due'::text));

create table accounts (
  id text not null,
  name text not null,
  tier text not null,
  stripe_customer_id text,
  created_at timestamp with time zone not null default now(),
  closing_at timestamp with time zone,
  closing_balance text,
  closing_reason text,
  closed_at timestamp with time zone,
  customer_generation integer not null default 0,
  PRIMARY KEY (id),
  UNIQUE (stripe_customer_id),
  CHECK (closed_at IS NULL OR closing_at IS NOT NULL),
  CHECK (closing_balance = ANY (ARRAY['refund'::text, 'forfeit'::text])),
  CHECK (id ~ '^[A-Za-z0-9_-]{1,64}$'::text)
);
CREATE INDEX accounts_newest ON accounts USING btree (created_at DESC, id DESC);

create table api_keys (
  id uuid not null default gen_random_uuid(),
  hash bytea not null,
  role text not null,
  member_id uuid,
  name text not null,
  created_at timestamp with time zone not null default now(),
  revoked_at timestamp with time zone,
  of_environment boolean not null default false,
  PRIMARY KEY (id),
  UNIQUE (hash),
  FOREIGN KEY (member_id) REFERENCES members(id),
  CHECK ((role = 'member'::text) = (member_id IS NOT NULL)),
  CHECK (role = ANY (ARRAY['admin'::text, 'service'::text, 'member'::text]))
);
CREATE INDEX api_keys_member ON api_keys USING btree (member_id);
CREATE INDEX api_keys_of_environment ON api_keys USING btree (id) WHERE of_environment;

create table audit (
  id bigint generated always as identity not null,
  account_id text,
  at timestamp with time zone not null default now(),
  actor text not null,
  action text not null,
  details jsonb not null,
  PRIMARY KEY (id)
);
CREATE INDEX audit_account ON audit USING btree (account_id, id DESC);
CREATE INDEX audit_by_time ON audit USING btree (account_id, at);
CREATE TRIGGER audit_append_only BEFORE DELETE OR TRUNCATE ON audit FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_only_erased BEFORE UPDATE ON audit FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();

create table balances (
  account_id text not null,
  balance_nano bigint not null default 0,
  held_nano bigint not null default 0,
  sequence bigint not null default 0,
  watermark bigint not null default 0,
  low_level_nano bigint not null default '5000000000'::bigint,
  trigger_level_nano bigint not null default '5000000000'::bigint,
  set_reasons text[] not null default '{}'::text[],
  reload_due_at timestamp with time zone,
  gate_state text not null default 'suspended'::text,
  gate_reasons text[] not null default '{}'::text[],
  gate_version bigint not null default 0,
  gate_changed_xid xid8 not null default '0'::xid8,
  news bigint not null default 1,
  folded_news bigint not null default 0,
  folded_available_nano bigint not null default 0,
  revision bigint not null default 0,
  wake boolean not null default true,
  suspensions bigint not null default 0,
  lows bigint not null default 0,
  PRIMARY KEY (account_id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (gate_state = ANY (ARRAY['ok'::text, 'low'::text, 'reloading'::text, 'suspended'::text])),
  CHECK (held_nano >= 0)
) with (fillfactor=50);
CREATE INDEX balances_gate_changed ON balances USING btree (gate_changed_xid);
CREATE INDEX balances_suspended ON balances USING btree (account_id) WHERE (gate_state = 'suspended'::text);
CREATE INDEX balances_wake ON balances USING btree (account_id) WHERE wake;
CREATE TRIGGER balances_count_falls BEFORE UPDATE ON balances FOR EACH ROW WHEN ((((((new.balance_nano - new.held_nano) <= 0) OR (cardinality(new.set_reasons) > 0)) AND ((old.balance_nano - old.held_nano) > 0) AND (cardinality(old.set_reasons) = 0)) OR (((new.balance_nano - new.held_nano) <= new.low_level_nano) AND ((old.balance_nano - old.held_nano) > old.low_level_nano)))) EXECUTE FUNCTION count_falls();
CREATE TRIGGER balances_derive BEFORE INSERT OR UPDATE ON balances FOR EACH ROW EXECUTE FUNCTION derive_position();

create table batch_answered (
  batch_id text not null,
  first_line integer not null,
  digests bigint[] not null,
  PRIMARY KEY (batch_id, first_line),
  FOREIGN KEY (batch_id) REFERENCES batches(id)
);

create table batch_claims (
  account_id text not null,
  second timestamp with time zone not null,
  requests integer not null,
  PRIMARY KEY (account_id, second),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (requests > 0)
);
CREATE INDEX batch_claims_second ON batch_claims USING btree (second);

create table batch_requests (
  batch_id text not null,
  line integer not null,
  custom_id text not null,
  byte_offset bigint not null,
  byte_length integer not null,
  tokens bigint not null,
  held_nano bigint not null,
  leased_until timestamp with time zone,
  outcome text,
  response text,
  error text,
  PRIMARY KEY (batch_id, line),
  UNIQUE (batch_id, custom_id),
  FOREIGN KEY (batch_id) REFERENCES batches(id),
  CHECK ((outcome IS NULL) = (response IS NULL AND error IS NULL)),
  CHECK (outcome = ANY (ARRAY['completed'::text, 'failed'::text]))
);
CREATE INDEX batch_requests_due ON batch_requests USING btree (batch_id, COALESCE(leased_until, '-infinity'::timestamp with time zone), line) WHERE (outcome IS NULL);
CREATE INDEX batch_requests_leased ON batch_requests USING btree (batch_id) WHERE ((outcome IS NULL) AND (leased_until IS NOT NULL));
CREATE INDEX batch_requests_open ON batch_requests USING btree (batch_id, line) WHERE (outcome IS NULL);

create table batches (
  id text not null,
  account_id text not null,
  model_id text not null,
  endpoint text not null,
  input_file_id text not null,
  idempotency_key text,
  request_hash text not null,
  retries integer not null default 0,
  actor text not null,
  metadata jsonb,
  output_expires_seconds integer,
  status text not null default 'validating'::text,
  errors jsonb,
  input_per_million_nano bigint not null,
  cached_input_per_million_nano bigint not null,
  output_per_million_nano bigint not null,
  requests integer not null,
  completed integer not null default 0,
  failed integer not null default 0,
  reserved_tokens bigint not null,
  held_nano bigint not null,
  input_tokens bigint not null default 0,
  cached_input_tokens bigint not null default 0,
  output_tokens bigint not null default 0,
  charged_nano bigint not null default 0,
  output_file_id text,
  error_file_id text,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone not null,
  in_progress_at timestamp with time zone,
  finalizing_at timestamp with time zone,
  completed_at timestamp with time zone,
  failed_at timestamp with time zone,
  expired_at timestamp with time zone,
  cancelling_at timestamp with time zone,
  cancelled_at timestamp with time zone,
  closed boolean not null default false,
  start_at timestamp with time zone not null default clock_timestamp(),
  unseen boolean not null default false,
  erased boolean not null default false,
  overran boolean not null default true,
  unfunded_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  unreadable_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  PRIMARY KEY (id),
  UNIQUE (account_id, idempotency_key),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  FOREIGN KEY (error_file_id) REFERENCES files(id),
  FOREIGN KEY (input_file_id) REFERENCES files(id),
  FOREIGN KEY (model_id) REFERENCES models(id),
  FOREIGN KEY (output_file_id) REFERENCES files(id),
  CHECK ((completed + failed) <= requests),
  CHECK ((status <> ALL (ARRAY['completed'::text, 'failed'::text, 'expired'::text, 'cancelled'::text])) OR reserved_tokens = 0 AND held_nano = 0),
  CHECK (held_nano >= 0),
  CHECK (id ~~ 'batch_%'::text),
  CHECK (requests > 0),
  CHECK (reserved_tokens >= 0),
  CHECK (status = ANY (ARRAY['validating'::text, 'failed'::text, 'in_progress'::text, 'finalizing'::text, 'completed'::text, 'expired'::text, 'cancelling'::text, 'cancelled'::text]))
);
CREATE INDEX batches_account ON batches USING btree (account_id, created_at DESC, id DESC);
CREATE INDEX batches_claimable ON batches USING btree (created_at, id) WHERE (status = 'in_progress'::text);
CREATE INDEX batches_error_file ON batches USING btree (error_file_id) WHERE (error_file_id IS NOT NULL);
CREATE INDEX batches_input ON batches USING btree (input_file_id) WHERE (status = ANY (ARRAY['validating'::text, 'in_progress'::text, 'finalizing'::text, 'cancelling'::text]));
CREATE INDEX batches_input_file ON batches USING btree (input_file_id);
CREATE INDEX batches_open ON batches USING btree (account_id, model_id) WHERE (status = ANY (ARRAY['validating'::text, 'in_progress'::text, 'finalizing'::text, 'cancelling'::text]));
CREATE INDEX batches_output_file ON batches USING btree (output_file_id) WHERE (output_file_id IS NOT NULL);
CREATE INDEX batches_repeated ON batches USING btree (account_id, request_hash) WHERE (idempotency_key IS NULL);
CREATE INDEX batches_starting ON batches USING btree (start_at) WHERE (status = ANY (ARRAY['validating'::text, 'in_progress'::text, 'finalizing'::text, 'cancelling'::text]));
CREATE INDEX batches_unerased ON batches USING btree (id) WHERE (closed AND (NOT erased));

create table builds (
  hash text not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (hash)
);

create table card_tries (
  id text not null,
  account_id text not null,
  begun_at timestamp with time zone not null default now(),
  declined_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id)
);
CREATE INDEX card_tries_account ON card_tries USING btree (account_id);

create table consents (
  id bigint generated always as identity not null,
  account_id text not null,
  actor text not null,
  settings jsonb not null,
  terms_version text not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id)
);
CREATE INDEX consents_account ON consents USING btree (account_id, at);

create table decisions (
  number bigint generated always as identity not null,
  id text not null,
  account_id text not null,
  at timestamp with time zone not null,
  kind text not null,
  rule text not null,
  because text not null,
  known jsonb not null,
  PRIMARY KEY (number),
  UNIQUE (id)
);
CREATE INDEX decisions_account ON decisions USING btree (account_id, number DESC);
CREATE INDEX decisions_by_time ON decisions USING btree (account_id, at);
CREATE TRIGGER decisions_append_only BEFORE DELETE OR TRUNCATE ON decisions FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER decisions_only_erased BEFORE UPDATE ON decisions FOR EACH ROW EXECUTE FUNCTION refuse_rewriting();

create table dedicated_endpoints (
  account_id text not null,
  name text not null,
  model_id text not null,
  actor text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  number bigint generated always as identity not null,
  PRIMARY KEY (account_id, name),
  UNIQUE (number),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  FOREIGN KEY (model_id) REFERENCES models(id)
);

create table dev_mailbox (
  message_id text not null,
  number bigint generated always as identity not null,
  kind text not null,
  recipient text not null,
  subject text not null,
  body text not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (message_id)
);
CREATE INDEX dev_mailbox_of_notice ON dev_mailbox USING btree (substr(message_id, 2, 36));

create table disputes (
  id text not null,
  account_id text not null,
  payment_id uuid not null,
  state text not null,
  amount_cents bigint not null,
  suspends boolean not null,
  seen_at timestamp with time zone not null default now(),
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  FOREIGN KEY (payment_id) REFERENCES payments(id),
  CHECK (state = ANY (ARRAY['inquiry'::text, 'open'::text, 'won'::text, 'lost'::text]))
);
CREATE INDEX disputes_of_account ON disputes USING btree (account_id);
CREATE INDEX disputes_open ON disputes USING btree (seen_at) WHERE (state = ANY (ARRAY['inquiry'::text, 'open'::text]));
CREATE INDEX disputes_payment ON disputes USING btree (payment_id);

create table erasures (
  account_id text not null,
  part text not null,
  mark text not null,
  PRIMARY KEY (account_id, part),
  FOREIGN KEY (account_id) REFERENCES accounts(id)
);

create table evaluation_datasets (
  id text not null,
  account_id text not null,
  rows integer not null,
  bytes bigint not null,
  format text not null,
  actor text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  removed_at timestamp with time zone,
  number bigint generated always as identity not null,
  PRIMARY KEY (id),
  UNIQUE (number),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (bytes >= 0),
  CHECK (format = ANY (ARRAY['csv'::text, 'jsonl'::text])),
  CHECK (rows >= 0)
);
CREATE INDEX evaluation_datasets_by_time ON evaluation_datasets USING btree (account_id, created_at);
CREATE INDEX evaluation_datasets_newest ON evaluation_datasets USING btree (account_id, number DESC) WHERE (removed_at IS NULL);
CREATE INDEX evaluation_datasets_removed ON evaluation_datasets USING btree (removed_at) WHERE (removed_at IS NOT NULL);

create table file_store (
  singleton boolean not null default true,
  id uuid not null default gen_random_uuid(),
  PRIMARY KEY (singleton),
  CHECK (singleton)
);

create table files (
  id text not null,
  account_id text not null,
  purpose text not null,
  filename text not null,
  bytes bigint not null,
  model_id text,
  endpoint text,
  requests integer,
  input_tokens bigint,
  output_tokens bigint,
  counting_until timestamp with time zone not null default '-infinity'::timestamp with time zone,
  actor text not null,
  created_at timestamp with time zone not null default clock_timestamp(),
  expires_at timestamp with time zone,
  removed_at timestamp with time zone,
  erased boolean not null default false,
  count_attempt integer not null default 0,
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  FOREIGN KEY (model_id) REFERENCES models(id),
  CHECK ((input_tokens IS NULL) = (output_tokens IS NULL)),
  CHECK ((purpose = 'batch'::text AND removed_at IS NULL) <= (model_id IS NOT NULL AND endpoint IS NOT NULL AND requests IS NOT NULL)),
  CHECK (bytes >= 0),
  CHECK (id ~~ 'file-%'::text),
  CHECK (purpose = ANY (ARRAY['batch'::text, 'batch_output'::text])),
  CHECK (requests > 0)
);
CREATE INDEX files_account ON files USING btree (account_id, created_at, id) WHERE (removed_at IS NULL);
CREATE INDEX files_by_time ON files USING btree (account_id, created_at);
CREATE INDEX files_expiring ON files USING btree (expires_at) WHERE (removed_at IS NULL);
CREATE INDEX files_never_kept ON files USING btree (created_at) WHERE ((bytes = 0) AND erased);
CREATE INDEX files_uncounted ON files USING btree (account_id, created_at) WHERE ((purpose = 'batch'::text) AND (input_tokens IS NULL) AND (removed_at IS NULL));
CREATE INDEX files_unerased ON files USING btree (removed_at) WHERE ((removed_at IS NOT NULL) AND (NOT erased));
CREATE INDEX files_uploaded ON files USING btree (account_id, created_at, id) INCLUDE (bytes) WHERE ((purpose = 'batch'::text) AND (removed_at IS NULL));

create table functions (
  name text not null,
  hash text not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (name)
);

create table holds (
  id uuid not null default gen_random_uuid(),
  account_id text not null,
  amount_nano bigint not null,
  status text not null default 'open'::text,
  expires_at timestamp with time zone not null,
  idempotency_key text not null,
  request_hash text not null,
  settle_hash text,
  charged_nano bigint,
  released_nano bigint,
  created_at timestamp with time zone not null default clock_timestamp(),
  ended_at timestamp with time zone,
  PRIMARY KEY (id),
  UNIQUE (account_id, idempotency_key),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK ((status = 'open'::text) = (ended_at IS NULL)),
  CHECK ((status = 'open'::text) = (released_nano IS NULL)),
  CHECK ((status = 'settled'::text) = (charged_nano IS NOT NULL)),
  CHECK (amount_nano >= 0),
  CHECK (charged_nano >= 0),
  CHECK (released_nano >= 0 AND released_nano <= amount_nano),
  CHECK (status = ANY (ARRAY['open'::text, 'settled'::text, 'released'::text, 'expired'::text]))
);
CREATE INDEX holds_account ON holds USING btree (account_id, created_at DESC, id DESC);
CREATE INDEX holds_expiring ON holds USING btree (expires_at) WHERE (status = 'open'::text);
CREATE INDEX holds_open ON holds USING btree (account_id) WHERE (status = 'open'::text);

create table ledger_lines (
  account_id text not null,
  sequence bigint not null,
  kind text not null,
  counterparty text not null,
  amount_nano bigint not null,
  balance_after_nano bigint not null,
  key text not null,
  reference text not null,
  description text not null,
  at timestamp with time zone not null default clock_timestamp(),
  PRIMARY KEY (account_id, sequence),
  CHECK (
CASE
    WHEN kind = 'usage'::text THEN key = ((('usage/'::text || account_id) || '/'::text) || sequence)
    ELSE key !~~ 'usage/%'::text
END),
  CHECK (
CASE
    WHEN kind = ANY (ARRAY['prepayment'::text, 'reload'::text, 'refund_reversal'::text, 'dispute_reversal'::text]) THEN amount_nano > 0
    WHEN kind = ANY (ARRAY['refund'::text, 'dispute'::text]) THEN amount_nano < 0
    WHEN kind = 'usage'::text THEN amount_nano <= 0
    WHEN kind = 'usage_reversal'::text THEN amount_nano >= 0
    ELSE amount_nano <> 0
END),
  CHECK (counterparty = ANY (ARRAY['payments'::text, 'usage'::text, 'adjustments'::text])),
  CHECK (kind = ANY (ARRAY['prepayment'::text, 'reload'::text, 'usage'::text, 'adjustment'::text, 'refund'::text, 'refund_reversal'::text, 'dispute'::text, 'dispute_reversal'::text, 'usage_reversal'::text])),
  CHECK (sequence > 0)
);
CREATE INDEX ledger_lines_by_time ON ledger_lines USING btree (account_id, at) WHERE (kind <> 'usage'::text);
CREATE UNIQUE INDEX ledger_lines_key ON ledger_lines USING btree (key) WHERE (kind <> 'usage'::text);
CREATE INDEX ledger_lines_taken_back ON ledger_lines USING btree (reference) WHERE (kind = ANY (ARRAY['refund'::text, 'refund_reversal'::text, 'dispute'::text, 'dispute_reversal'::text]));
CREATE INDEX ledger_lines_without_usage ON ledger_lines USING btree (account_id, sequence) WHERE (kind <> 'usage'::text);
CREATE TRIGGER ledger_lines_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger_lines FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

create table limit_raises (
  account_id text not null,
  key text not null,
  model_id text not null default ''::text,
  limit_value bigint not null,
  request_id uuid,
  at timestamp with time zone not null default clock_timestamp(),
  PRIMARY KEY (account_id, key, model_id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (limit_value > 0)
);

create table limit_requests (
  id uuid not null default gen_random_uuid(),
  account_id text not null,
  key text not null,
  model_id text,
  requested bigint not null,
  reason text not null,
  status text not null default 'pending'::text,
  limit_value bigint,
  note text,
  actor text not null,
  member_id uuid,
  decided_by text,
  created_at timestamp with time zone not null default clock_timestamp(),
  decided_at timestamp with time zone,
  start_at timestamp with time zone not null default clock_timestamp(),
  reminders integer not null default 0,
  ended_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK ((status = 'approved'::text) = (limit_value IS NOT NULL)),
  CHECK ((status = 'pending'::text) = (decided_at IS NULL)),
  CHECK (requested > 0),
  CHECK (status = ANY (ARRAY['pending'::text, 'approved'::text, 'denied'::text]))
);
CREATE INDEX limit_requests_account ON limit_requests USING btree (account_id, created_at DESC, id DESC);
CREATE INDEX limit_requests_newest ON limit_requests USING btree (created_at DESC, id DESC);
CREATE INDEX limit_requests_pending ON limit_requests USING btree (account_id) WHERE (status = 'pending'::text);
CREATE INDEX limit_requests_to_start ON limit_requests USING btree (start_at) WHERE (ended_at IS NULL);

create table members (
  id uuid not null default gen_random_uuid(),
  account_id text not null,
  name text not null,
  email text not null,
  role text not null,
  created_at timestamp with time zone not null default now(),
  removed_at timestamp with time zone,
  confirmed_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (role = ANY (ARRAY['owner'::text, 'resource_modifier'::text, 'member'::text]))
);
CREATE INDEX members_account ON members USING btree (account_id);
CREATE UNIQUE INDEX members_email ON members USING btree (account_id, lower(email)) WHERE (removed_at IS NULL);
CREATE INDEX members_sign_in ON members USING btree (lower(email));

create table migrations (
  name text not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (name)
);

create table model_prices (
  model_id text not null,
  starts_at timestamp with time zone not null,
  input_per_million_nano bigint,
  cached_input_per_million_nano bigint,
  output_per_million_nano bigint,
  per_image_nano jsonb,
  batch_input_per_million_nano bigint,
  batch_cached_input_per_million_nano bigint,
  batch_output_per_million_nano bigint,
  PRIMARY KEY (model_id, starts_at),
  FOREIGN KEY (model_id) REFERENCES models(id),
  CHECK (batch_cached_input_per_million_nano >= 0),
  CHECK (batch_input_per_million_nano >= 0),
  CHECK (batch_output_per_million_nano >= 0),
  CHECK (cached_input_per_million_nano >= 0),
  CHECK (input_per_million_nano >= 0),
  CHECK (output_per_million_nano >= 0)
);

create table models (
  id text not null,
  provider text not null,
  license text not null,
  input text[] not null,
  output text not null,
  batch boolean not null,
  max_output_tokens integer,
  deprecated_at timestamp with time zone,
  created_at timestamp with time zone not null default clock_timestamp(),
  PRIMARY KEY (id),
  CHECK (license = ANY (ARRAY['open'::text, 'commercial'::text])),
  CHECK (max_output_tokens > 0),
  CHECK (output = ANY (ARRAY['text'::text, 'image'::text, 'embedding'::text, 'audio'::text, 'ranking'::text]))
);

create table notice_deliveries (
  notice_id uuid not null,
  recipient text not null,
  status text not null default 'pending'::text,
  attempts integer not null default 0,
  next_attempt_at timestamp with time zone not null default now(),
  last_error text,
  sent_at timestamp with time zone,
  folds integer not null default 0,
  PRIMARY KEY (notice_id, recipient),
  FOREIGN KEY (notice_id) REFERENCES notices(id),
  CHECK (status = ANY (ARRAY['pending'::text, 'sent'::text, 'failed'::text, 'folded'::text]))
);
CREATE INDEX notice_deliveries_due ON notice_deliveries USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX notice_deliveries_waiting ON notice_deliveries USING btree (recipient) WHERE (status = 'pending'::text);
CREATE TRIGGER notice_deliveries_erased BEFORE UPDATE OF status ON notice_deliveries FOR EACH ROW WHEN (((old.status = 'pending'::text) AND (new.status <> 'pending'::text))) EXECUTE FUNCTION erase_told();

create table notices (
  id uuid not null default gen_random_uuid(),
  account_id text not null,
  kind text not null,
  key text not null,
  data jsonb not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (id),
  UNIQUE (key),
  FOREIGN KEY (account_id) REFERENCES accounts(id)
);
CREATE INDEX notices_account ON notices USING btree (account_id, at DESC);

create table payment_attempts (
  payment_id uuid not null,
  attempt integer not null,
  payment_method_id text not null,
  role text,
  confirmations integer not null,
  looks integer not null default 0,
  outcome text not null default 'unknown'::text,
  decline_code text,
  decline_message text,
  at timestamp with time zone not null default now(),
  account_id text,
  PRIMARY KEY (payment_id, attempt, payment_method_id),
  FOREIGN KEY (payment_id) REFERENCES payments(id),
  CHECK (outcome = ANY (ARRAY['succeeded'::text, 'declined'::text, 'unknown'::text]))
);
CREATE INDEX payment_attempts_by_time ON payment_attempts USING btree (account_id, at);
CREATE TRIGGER payment_attempts_of_account BEFORE INSERT ON payment_attempts FOR EACH ROW EXECUTE FUNCTION own_attempt();

create table payment_methods (
  id text not null,
  account_id text not null,
  role text,
  brand text not null,
  last4 text not null,
  exp_month integer,
  exp_year integer,
  fingerprint text,
  unusable_because text,
  created_at timestamp with time zone not null default now(),
  removed_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (role = ANY (ARRAY['primary'::text, 'backup'::text]))
);
CREATE INDEX payment_methods_account ON payment_methods USING btree (account_id);
CREATE UNIQUE INDEX payment_methods_role ON payment_methods USING btree (account_id, role) WHERE ((role IS NOT NULL) AND (removed_at IS NULL));

create table payments (
  id uuid not null,
  account_id text not null,
  purpose text not null,
  amount_cents bigint not null,
  status text not null default 'processing'::text,
  payment_intent_id text,
  latest_charge_id text,
  payment_method_id text,
  decline_code text,
  decline_message text,
  receipt_url text,
  idempotency_key text,
  request_hash text,
  actor text not null,
  created_at timestamp with time zone not null default now(),
  settled_at timestamp with time zone,
  checkout_session_id text,
  action_url text,
  checkout_looks integer not null default 0,
  cancel_tries integer not null default 0,
  cancel_failed_at timestamp with time zone,
  cancel_failed_because text,
  cancel_due_at timestamp with time zone,
  quarantined_because text,
  PRIMARY KEY (id),
  UNIQUE (account_id, idempotency_key),
  UNIQUE (checkout_session_id),
  UNIQUE (payment_intent_id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (amount_cents > 0),
  CHECK (purpose = ANY (ARRAY['prepayment'::text, 'reload'::text])),
  CHECK (status <> 'quarantined'::text OR quarantined_because IS NOT NULL),
  CHECK (status = ANY (ARRAY['processing'::text, 'requires_action'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text, 'quarantined'::text]))
);
CREATE INDEX payments_account ON payments USING btree (account_id, created_at DESC);
CREATE INDEX payments_awaiting ON payments USING btree (created_at) WHERE ((status = 'requires_action'::text) AND (purpose = 'prepayment'::text));
CREATE INDEX payments_not_final ON payments USING btree (payment_intent_id) WHERE (status = ANY (ARRAY['processing'::text, 'requires_action'::text]));
CREATE INDEX payments_paid ON payments USING btree (account_id, settled_at DESC, id);
CREATE INDEX payments_prepayments ON payments USING btree (account_id, created_at DESC, id DESC) WHERE (purpose = 'prepayment'::text);
CREATE INDEX payments_quarantined ON payments USING btree (payment_intent_id) WHERE (status = 'quarantined'::text);
CREATE INDEX payments_settled ON payments USING btree (settled_at) WHERE (status = 'succeeded'::text);
CREATE INDEX payments_undecided ON payments USING btree (created_at) WHERE (status = 'processing'::text);
CREATE INDEX payments_undone ON payments USING btree (account_id) WHERE (status = ANY (ARRAY['processing'::text, 'requires_action'::text, 'quarantined'::text]));

create table rate_limits (
  key text not null,
  points integer not null default 0,
  expire double precision,
  PRIMARY KEY (key)
);

create table reconciliation (
  id boolean not null default true,
  scanned_until timestamp with time zone,
  checked_at timestamp with time zone,
  runs uuid[] not null default '{}'::uuid[],
  violations integer not null default 0,
  PRIMARY KEY (id),
  CHECK (id)
);

create table refund_requests (
  id uuid not null,
  account_id text not null,
  payment_id uuid not null,
  idempotency_key text not null,
  request_hash text not null,
  amount_cents bigint not null,
  status text not null default 'requested'::text,
  tries integer not null default 1,
  refund_id text,
  actor text not null,
  requested_at timestamp with time zone not null default now(),
  PRIMARY KEY (id),
  UNIQUE (account_id, idempotency_key),
  UNIQUE (refund_id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  FOREIGN KEY (payment_id) REFERENCES payments(id),
  CHECK ((status = 'made'::text) = (refund_id IS NOT NULL)),
  CHECK (amount_cents > 0),
  CHECK (status = ANY (ARRAY['requested'::text, 'made'::text, 'refused'::text]))
);
CREATE INDEX refund_requests_by_time ON refund_requests USING btree (account_id, requested_at);
CREATE INDEX refund_requests_open ON refund_requests USING btree (requested_at) WHERE (status = 'requested'::text);
CREATE INDEX refund_requests_payment ON refund_requests USING btree (payment_id);
CREATE INDEX refund_requests_undecided ON refund_requests USING btree (account_id) WHERE (status = 'requested'::text);

create table rejected_usage (
  id bigint generated always as identity not null,
  account_id text not null,
  event_id text not null,
  code text not null,
  message text not null,
  event jsonb not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (id)
);
CREATE INDEX rejected_usage_account ON rejected_usage USING btree (account_id, id DESC);
CREATE INDEX rejected_usage_event ON rejected_usage USING btree (account_id, event_id);

create table reloads (
  id uuid not null,
  account_id text not null,
  number integer not null,
  state text not null,
  attempt integer not null default 1,
  due_at timestamp with time zone not null,
  wished jsonb,
  because text,
  opened_at timestamp with time zone not null default now(),
  closed_at timestamp with time zone,
  PRIMARY KEY (id),
  UNIQUE (account_id, number),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  FOREIGN KEY (id) REFERENCES payments(id),
  CHECK ((closed_at IS NULL) = (state = ANY (ARRAY['charging'::text, 'waiting'::text, 'unknown'::text]))),
  CHECK (state = ANY (ARRAY['charging'::text, 'waiting'::text, 'unknown'::text, 'succeeded'::text, 'failed'::text, 'canceled'::text]))
);
CREATE INDEX reloads_due ON reloads USING btree (due_at) WHERE (closed_at IS NULL);
CREATE UNIQUE INDEX reloads_one_open ON reloads USING btree (account_id) WHERE (closed_at IS NULL);
CREATE INDEX reloads_opened ON reloads USING btree (account_id, opened_at);
CREATE TRIGGER reloads_sync_due AFTER INSERT OR UPDATE OF due_at, closed_at ON reloads FOR EACH ROW EXECUTE FUNCTION sync_reload_due();

create table restores (
  number bigint generated always as identity not null,
  backup_at timestamp with time zone not null,
  restored_at timestamp with time zone not null default now(),
  PRIMARY KEY (number)
);

create table sessions (
  hash bytea not null,
  key_id uuid,
  member_id uuid,
  email text,
  created_at timestamp with time zone not null default now(),
  used_at timestamp with time zone not null default now(),
  PRIMARY KEY (hash),
  FOREIGN KEY (key_id) REFERENCES api_keys(id),
  FOREIGN KEY (member_id) REFERENCES members(id),
  CHECK ((member_id IS NULL) = (email IS NULL)),
  CHECK (num_nonnulls(key_id, member_id) = 1)
);
CREATE INDEX sessions_created ON sessions USING btree (created_at);

create table sign_ins (
  id uuid not null default gen_random_uuid(),
  hash bytea,
  key_id uuid,
  email text,
  created_at timestamp with time zone not null default now(),
  expires_at timestamp with time zone not null,
  used_at timestamp with time zone,
  PRIMARY KEY (id),
  UNIQUE (hash),
  FOREIGN KEY (key_id) REFERENCES api_keys(id),
  CHECK ((hash IS NULL) = (key_id IS NULL)),
  CHECK (num_nonnulls(key_id, email) = 1)
);
CREATE INDEX sign_ins_created ON sign_ins USING btree (created_at);
CREATE INDEX sign_ins_email ON sign_ins USING btree (lower(email), created_at) WHERE (email IS NOT NULL);

create table stripe_events (
  id text not null,
  type text not null,
  about text not null,
  account_id text,
  outcome text not null,
  received_at timestamp with time zone not null default now(),
  PRIMARY KEY (id)
);

create table suspensions (
  account_id text not null,
  reason text not null,
  note text not null,
  actor text not null,
  at timestamp with time zone not null default now(),
  PRIMARY KEY (account_id, reason),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (reason = ANY (ARRAY['admin_suspended'::text, 'payment_disputed'::text, 'account_closed'::text]))
);

create table unexplained (
  payment_intent_id text not null,
  kind text not null,
  account_id text,
  detail text not null,
  first_seen_at timestamp with time zone not null default now(),
  PRIMARY KEY (payment_intent_id),
  CHECK (kind = ANY (ARRAY['paid_twice'::text, 'paid_unknown'::text, 'amount_differs'::text, 'credited_without_payment'::text, 'sum_differs'::text, 'not_canceled'::text, 'not_reconciled'::text]))
);

create table usage_archives (
  month text not null,
  file text not null,
  sha256 text not null,
  bytes bigint not null,
  events bigint not null,
  cost_nano numeric not null,
  first_posting bigint not null,
  last_posting bigint not null,
  written_at timestamp with time zone not null default now(),
  dropped_at timestamp with time zone,
  kept_until timestamp with time zone,
  left_out bigint not null default 0,
  PRIMARY KEY (month),
  CHECK (month ~ '^\d{4}-\d{2}$'::text)
);

create table usage_days (
  account_id text not null,
  day date not null,
  model text not null,
  kind text not null,
  requests bigint not null,
  input_tokens bigint not null,
  output_tokens bigint not null,
  images bigint not null,
  cost_nano bigint not null,
  PRIMARY KEY (account_id, day, model, kind)
) with (fillfactor=70);

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
  at timestamp with time zone not null,
  cost_nano bigint not null,
  posting bigint not null,
  kind text not null,
  taken_at timestamp with time zone not null default now(),
  CHECK (cost_nano >= 0),
  CHECK (kind = ANY (ARRAY['text'::text, 'image'::text, 'batch'::text]))
) partition by RANGE (taken_at);
CREATE INDEX usage_events_key ON ONLY usage_events USING btree (hashtextextended(((account_id || ' '::text) || event_id), (0)::bigint));
CREATE INDEX usage_events_posting ON ONLY usage_events USING btree (posting, account_id);
CREATE TRIGGER usage_events_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON usage_events FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER usage_events_rows_append_only BEFORE DELETE OR UPDATE ON usage_events FOR EACH ROW EXECUTE FUNCTION refuse_change();

create table usage_reversals (
  account_id text not null,
  event_id text not null,
  sequence bigint not null,
  reason text not null,
  actor text not null,
  at timestamp with time zone not null default now(),
  posting bigint not null,
  PRIMARY KEY (account_id, event_id, posting)
);
CREATE UNIQUE INDEX usage_reversals_line ON usage_reversals USING btree (account_id, sequence);
CREATE TRIGGER usage_reversals_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON usage_reversals FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

create table usage_unsummed (
  posting bigint not null,
  PRIMARY KEY (posting)
) with (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=5000);

create table webhook_deliveries (
  id uuid not null default gen_random_uuid(),
  endpoint_id uuid not null,
  notice_id uuid,
  status text not null default 'pending'::text,
  attempts integer not null default 0,
  start_at timestamp with time zone not null default now(),
  last_status integer,
  last_error text,
  created_at timestamp with time zone not null default now(),
  ended_at timestamp with time zone,
  PRIMARY KEY (id),
  UNIQUE (notice_id, endpoint_id),
  FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(id),
  FOREIGN KEY (notice_id) REFERENCES notices(id),
  CHECK ((status = 'pending'::text) = (ended_at IS NULL)),
  CHECK (status = ANY (ARRAY['pending'::text, 'delivered'::text, 'failed'::text]))
);
CREATE INDEX webhook_deliveries_due ON webhook_deliveries USING btree (start_at) WHERE (status = 'pending'::text);
CREATE INDEX webhook_deliveries_endpoint ON webhook_deliveries USING btree (endpoint_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_in_error ON webhook_deliveries USING btree (endpoint_id) WHERE (last_error IS NOT NULL);

create table webhook_endpoints (
  id uuid not null default gen_random_uuid(),
  account_id text not null,
  url text not null,
  events text[] not null,
  disabled_at timestamp with time zone,
  disabled_because text,
  removed_at timestamp with time zone,
  created_at timestamp with time zone not null default now(),
  took_ms integer,
  unanswered integer not null default 0,
  rests_until timestamp with time zone,
  line_ends_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (account_id) REFERENCES accounts(id),
  CHECK (cardinality(events) > 0)
);
CREATE INDEX webhook_endpoints_of_account ON webhook_endpoints USING btree (account_id);

create table webhook_secrets (
  id bigint generated always as identity not null,
  endpoint_id uuid not null,
  secret text not null,
  expires_at timestamp with time zone,
  PRIMARY KEY (id),
  FOREIGN KEY (endpoint_id) REFERENCES webhook_endpoints(id)
);
CREATE INDEX webhook_secrets_endpoint ON webhook_secrets USING btree (endpoint_id);
CREATE UNIQUE INDEX webhook_secrets_newest ON webhook_secrets USING btree (endpoint_id) WHERE (expires_at IS NULL);

create table webhook_tries (
  account_id text not null,
  endpoint_id uuid not null,
  delivery_id uuid not null,
  ends_at timestamp with time zone not null,
  PRIMARY KEY (account_id, delivery_id),
  FOREIGN KEY (delivery_id) REFERENCES webhook_deliveries(id)
);

create view ledger_entries as
 SELECT ledger_lines.account_id AS ledger_account,
    ledger_lines.amount_nano,
    ledger_lines.key,
    ledger_lines.account_id,
    ledger_lines.sequence,
    ledger_lines.at
   FROM ledger_lines
UNION ALL
 SELECT ledger_lines.counterparty AS ledger_account,
    - ledger_lines.amount_nano AS amount_nano,
    ledger_lines.key,
    ledger_lines.account_id,
    ledger_lines.sequence,
    ledger_lines.at
   FROM ledger_lines;

CREATE OR REPLACE FUNCTION balances_at(p_account text, p_times timestamp with time zone[])
 RETURNS TABLE(before timestamp with time zone, last_sequence bigint, balance_nano bigint)
 LANGUAGE plpgsql
 STABLE
AS $function$
declare
  low bigint := 0;
  high bigint;
  middle bigint;
  newest bigint := (select sequence from balances where account_id = p_account);
begin
  foreach before in array p_times loop
    high := newest;
    while low < high loop
      middle := low + (high - low + 1) / 2;
      if (select l.at < before from ledger_lines l where l.account_id = p_account and l.sequence = middle) then
        low := middle;
      else
        high := middle - 1;
      end if;
    end loop;
    last_sequence := low;
    balance_nano := coalesce(
      (select l.balance_after_nano from ledger_lines l where l.account_id = p_account and l.sequence = low), 0);
    return next;
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION count_falls()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  was bigint := old.balance_nano - old.held_nano;
  available bigint := new.balance_nano - new.held_nano;
begin
  if (available <= 0 or cardinality(new.set_reasons) > 0) and was > 0 and cardinality(old.set_reasons) = 0 then
    new.suspensions := old.suspensions + 1;
  end if;
  if available <= new.low_level_nano and was > old.low_level_nano then
    new.lows := old.lows + 1;
  end if;
  -- The workflow must read it, even if the balance is back on the side on which it was seen last.
  new.news := new.news + 1;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION create_usage_month(p_month text)
 RETURNS text
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
 SET lock_timeout TO '100ms'
AS $function$
declare
  first constant timestamp := (p_month || '-01')::timestamp;
  name constant text := 'usage_events_' || to_char(first, 'YYYY_MM');
  starts constant timestamptz := first at time zone 'UTC';
  ends constant timestamptz := (first + interval '1 month') at time zone 'UTC';
begin
  -- A backup holds the lock for long: a month that is there is told without it.
  if to_regclass(quote_ident(name)) is not null then return null; end if;
  perform pg_advisory_xact_lock(7225581);
  if to_regclass(quote_ident(name)) is not null then return null; end if;
  execute format('create table %I (like usage_events including defaults including constraints including indexes)', name);
  -- Nothing is posted between the look and the move, and nobody plans a look for ids by the months that there were.
  lock table only usage_events, usage_events_other in access exclusive mode;
  if exists (select from usage_events_other where taken_at >= starts and taken_at < ends) then
    execute format('insert into %I select * from usage_events_other where taken_at >= $1 and taken_at < $2', name) using starts, ends;
    -- The events are append-only, and are so again when this commits: each is in the other table by then.
    alter table usage_events_other disable trigger usage_events_rows_append_only;
    delete from usage_events_other where taken_at >= starts and taken_at < ends;
    alter table usage_events_other enable trigger usage_events_rows_append_only;
  end if;
  execute format('alter table usage_events attach partition %I for values from (%L) to (%L)', name, starts, ends);
  return name;
end $function$
;

CREATE OR REPLACE FUNCTION derive_position()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  available bigint := new.balance_nano - new.held_nano;
begin
  if tg_op = 'UPDATE' and (new.balance_nano, new.held_nano) is distinct from (old.balance_nano, old.held_nano) then
    new.watermark := old.watermark + 1;
  end if;

  new.gate_reasons := case when available <= 0 then array['balance_exhausted'] else '{}' end || new.set_reasons;
  new.gate_state := case
    when cardinality(new.gate_reasons) > 0 then 'suspended'
    when new.reload_due_at is not null then 'reloading'
    when available <= new.low_level_nano then 'low'
    else 'ok' end;
  if tg_op = 'INSERT' or (new.gate_state, new.gate_reasons, new.reload_due_at)
      is distinct from (old.gate_state, old.gate_reasons, old.reload_due_at) then
    new.gate_version := new.gate_version + 1;
    new.gate_changed_xid := pg_current_xact_id();
    -- A poke without payload: Postgres folds equal ones of a transaction, and readers read the rows themselves.
    perform pg_notify('gates', '');
  end if;

  new.wake := new.news <> new.folded_news
    or (available <= 0) <> (new.folded_available_nano <= 0)
    or (available <= new.trigger_level_nano) <> (new.folded_available_nano <= new.trigger_level_nano);
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION drop_usage_month(p_month text)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
 SET lock_timeout TO '200ms'
AS $function$
declare
  first constant timestamp := (p_month || '-01')::timestamp;
  name constant text := 'usage_events_' || to_char(first, 'YYYY_MM');
  archive usage_archives;
begin
  perform pg_advisory_xact_lock(7225581);
  select * into archive from usage_archives a where a.month = p_month for update;
  if not found then raise exception 'the usage of % is in no file', p_month; end if;
  if archive.dropped_at is not null then return false; end if;
  if archive.kept_until > now() then raise exception 'the usage of % was restored, to be kept until %', p_month, archive.kept_until; end if;
  if (first + interval '1 month') at time zone 'UTC' > now() - interval '32 days' then
    raise exception 'the usage of % is not old enough', p_month;
  end if;
  if exists (select from usage_unsummed where posting between archive.first_posting and archive.last_posting) then
    raise exception 'the usage of % is not summed', p_month;
  end if;
  if to_regclass(quote_ident(name)) is not null then execute format('drop table %I', name); end if;
  update usage_archives a set dropped_at = now(), kept_until = null, left_out = 0 where a.month = p_month;
  return true;
end $function$
;

CREATE OR REPLACE FUNCTION erase_account(p_account text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
  select erase_history(p_account, null);
  delete from erasures where account_id = p_account;

  delete from webhook_secrets where endpoint_id in (select id from webhook_endpoints where account_id = p_account);
  -- What failed since its notice was passed, and tests, which have none.
  update webhook_deliveries set last_error = null
    where last_error is not null and endpoint_id in (select id from webhook_endpoints where account_id = p_account);
  update webhook_endpoints set url = 'erased', disabled_because = null, removed_at = coalesce(removed_at, now())
    where account_id = p_account;

  delete from sessions where member_id in (select id from members where account_id = p_account)
    or key_id in (select k.id from api_keys k join members m on m.id = k.member_id where m.account_id = p_account);
  delete from sign_ins where lower(email) in (select lower(email) from members where account_id = p_account)
    or key_id in (select k.id from api_keys k join members m on m.id = k.member_id where m.account_id = p_account);
  update api_keys set name = 'erased', revoked_at = coalesce(revoked_at, now())
    where member_id in (select id from members where account_id = p_account);
  update members set name = 'erased', email = 'erased', removed_at = coalesce(removed_at, now()) where account_id = p_account;
  update payment_methods set role = null, last4 = '', exp_month = null, exp_year = null, fingerprint = null,
    removed_at = coalesce(removed_at, now()) where account_id = p_account;
  delete from dedicated_endpoints where account_id = p_account;
  -- What still waits is denied, so that its workflow ends; the limits that were granted stay.
  update limit_requests set actor = erased_text(actor), reason = 'erased', note = null, member_id = null,
      decided_by = coalesce(erased_text(decided_by), 'closing'), decided_at = coalesce(decided_at, now()),
      start_at = case when status = 'pending' then now() else start_at end,
      status = case when status = 'pending' then 'denied' else status end
    where account_id = p_account;
  update accounts set stripe_customer_id = null where id = p_account;
$function$
;

CREATE OR REPLACE FUNCTION erase_deliveries(p_account text, p_after timestamp with time zone, p_until timestamp with time zone)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  v_notices constant uuid[] := array(
    select id from notices where account_id = p_account and at > p_after and at <= p_until);
begin
  delete from dev_mailbox where substr(message_id, 2, 36) = any (v_notices::text[]);
  delete from notice_deliveries where status = 'pending' and notice_id in (
    select id from notices where id = any (v_notices) and kind not in ('refund', 'dispute', 'reload_succeeded', 'suspended'));
  update notice_deliveries d set recipient = 'erased ' || e.nth, last_error = null
    from (select notice_id, recipient, row_number() over (partition by notice_id order by recipient) as nth
          from notice_deliveries where notice_id = any (v_notices)) e
    where d.notice_id = e.notice_id and d.recipient = e.recipient and d.recipient not like 'erased %' and d.status <> 'pending';
  update webhook_deliveries set last_error = null where notice_id = any (v_notices) and last_error is not null;
end $function$
;

CREATE OR REPLACE FUNCTION erase_history(p_account text, p_rows integer)
 RETURNS boolean
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
declare
  -- What was begun before has been committed, or never will be: nothing appears behind a mark. Decisions are numbered
  -- under the account's lock.
  v_before constant timestamptz := case when p_rows is null then 'infinity' else now() - interval '10 minutes' end;
  part record;
  v_from text;
  v_until text;
begin
  for part in
    select *, key = 'number' as is_number, case key when 'number' then 'bigint' else 'timestamptz' end as type from (values
      ('audit', 'at', 'actor, details', 'erased_text(actor), erased_details(action, details)'),
      ('decisions', 'number', 'because, known', 'erased_text(because), erased_text(known::text)::jsonb'),
      ('consents', 'at', 'actor', 'erased_text(actor)'),
      ('refund_requests', 'requested_at', 'actor', 'erased_text(actor)'),
      ('payments', 'created_at', 'actor, action_url', 'erased_text(actor), null::text'),
      ('notices', 'at', 'data', $v$erased_text((data - 'by' - 'url' - 'note' - 'reason')::text)::jsonb$v$),
      -- What files and datasets say goes from the store after that (workers/batchFiles.ts).
      ('evaluation_datasets', 'created_at', 'actor, removed_at', 'erased_text(actor), least(removed_at, now())'),
      ('files', 'created_at', 'actor, filename, removed_at', $v$erased_text(actor), 'erased', least(removed_at, now())$v$),
      ('batches', 'created_at', 'actor, metadata', 'erased_text(actor), null::jsonb')
    ) parts(name, key, columns, erased)
  loop
    insert into erasures (account_id, part, mark)
      values (p_account, part.name, case when part.is_number then '0' else '-infinity' end) on conflict do nothing;
    -- Who erases the same account meanwhile goes on behind it.
    select mark into v_from from erasures where account_id = p_account and erasures.part = part.name for update;
    execute format('select max(key)::text from (select %1$I as key from %2$I where account_id = $1 and %1$I > $2::%3$s and coalesce(%4$s < $3, true) order by %1$I limit $4) next',
        part.key, part.name, part.type, case when part.is_number then 'null::timestamptz' else part.key end)
      into v_until using p_account, v_from, v_before, p_rows;
    if v_until is null then continue; end if;

    execute format('update %1$I set (%2$s) = row(%3$s) where account_id = $1 and %4$I > $2::%5$s and %4$I <= $3::%5$s and (%2$s) is distinct from (%3$s)',
        part.name, part.columns, part.erased, part.key, part.type)
      using p_account, v_from, v_until;
    if part.name = 'notices' then perform erase_deliveries(p_account, v_from::timestamptz, v_until::timestamptz); end if;
    update erasures set mark = v_until where account_id = p_account and erasures.part = part.name;
    if p_rows is not null then return true; end if;
  end loop;
  return false;
end $function$
;

CREATE OR REPLACE FUNCTION erase_told()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO '$user', 'public'
AS $function$
begin
  if exists (select from notices n join accounts a on a.id = n.account_id where n.id = new.notice_id and a.closing_at is not null) then
    new.recipient := 'erased ' || gen_random_uuid();
    new.last_error := null;
    delete from dev_mailbox where substr(message_id, 2, 36) = new.notice_id::text;
  end if;
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION erased_details(p_action text, p_details jsonb)
 RETURNS jsonb
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select erased_text((case when p_action like 'member.%' then p_details - 'name' else p_details - 'members' - 'url' end)::text)::jsonb;
$function$
;

CREATE OR REPLACE FUNCTION erased_text(p_text text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select regexp_replace(p_text, '[^\s"\\:,;<>(){}\[\]]+@[^\s"\\:,;<>(){}\[\]]+', 'erased', 'g');
$function$
;

CREATE OR REPLACE FUNCTION expire_holds(p_limit integer)
 RETURNS SETOF balances
 LANGUAGE plpgsql
AS $function$
declare
  v_now constant timestamptz := clock_timestamp();
  due uuid[];
begin
  select array_agg(l.id) into due from (
    select h.id from holds h join balances b on b.account_id = h.account_id
    where h.status = 'open' and h.expires_at <= v_now
    order by h.expires_at limit p_limit for no key update of b skip locked) l;
  if due is null then return; end if;
  return query
    with expired as (
      update holds h set status = 'expired', released_nano = h.amount_nano, ended_at = clock_timestamp()
      where h.id = any(due) and h.status = 'open' returning h.account_id, h.amount_nano
    ), freed as (
      select e.account_id, sum(e.amount_nano)::bigint as nano from expired e group by e.account_id
    )
    update balances b set held_nano = b.held_nano - f.nano from freed f where b.account_id = f.account_id returning b.*;
end $function$
;

CREATE OR REPLACE FUNCTION grant_service(p_role text)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  guarded text;
begin
  execute format('grant usage on schema %I to %I', current_schema(), p_role);
  execute format('revoke all on all tables in schema %I from %I', current_schema(), p_role);
  execute format('grant select, insert, update, delete on all tables in schema %I to %I', current_schema(), p_role);
  execute format('grant usage, select on all sequences in schema %I to %I', current_schema(), p_role);
  execute format('grant execute on all functions in schema %I to %I', current_schema(), p_role);
  for guarded in
    select distinct tgrelid::regclass::text from pg_trigger
    where tgfoid in ('refuse_change'::regproc, 'refuse_rewriting'::regproc) and tgparentid = 0
    union select unnest(array['consents', 'usage_archives', 'migrations', 'functions', 'builds'])
  loop
    execute format('revoke update, delete on %s from %I', guarded, p_role);
  end loop;
  -- The months of usage are written and read through usage_events only.
  for guarded in select inhrelid::regclass::text from pg_inherits where inhparent = 'usage_events'::regclass loop
    execute format('revoke all on %s from %I', guarded, p_role);
  end loop;
  execute format('revoke insert on migrations, functions, builds, usage_archives, usage_events from %I', p_role);
  -- Events are taken now, and a month leaves by drop_usage_month: neither is a column that the service writes.
  execute format('grant insert (%s) on usage_events to %I', (
    select string_agg(quote_ident(attname), ', ') from pg_attribute
    where attrelid = 'usage_events'::regclass and attnum > 0 and not attisdropped and attname <> 'taken_at'), p_role);
  execute format('grant insert (%s) on usage_archives to %I', (
    select string_agg(quote_ident(attname), ', ') from pg_attribute
    where attrelid = 'usage_archives'::regclass and attnum > 0 and not attisdropped
      and attname not in ('written_at', 'dropped_at', 'kept_until', 'left_out')), p_role);
end $function$
;

CREATE OR REPLACE FUNCTION own_attempt()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  new.account_id := (select account_id from payments where id = new.payment_id);
  return new;
end $function$
;

CREATE OR REPLACE FUNCTION payment_is_open(p_status text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select p_status in ('processing', 'requires_action');
$function$
;

CREATE OR REPLACE FUNCTION place_hold(p_account text, p_amount bigint, p_seconds integer, p_key text, p_request_hash text)
 RETURNS TABLE(outcome text, hold holds, account balances)
 LANGUAGE sql
AS $function$
  select outcome, hold, account from place_hold(p_account, p_amount, p_seconds, p_key, p_request_hash, 2147483647);
$function$
;

CREATE OR REPLACE FUNCTION place_hold(p_account text, p_amount bigint, p_seconds integer, p_key text, p_request_hash text, p_open_max integer)
 RETURNS TABLE(outcome text, hold holds, account balances, in_use integer)
 LANGUAGE plpgsql
AS $function$
declare
  existing holds;
  known balances;
  available bigint;
  open int;
begin
  select * into known from balances b where b.account_id = p_account for no key update;
  if not found then
    return query select 'unknown_account', null::holds, null::balances, null::int;
    return;
  end if;
  select * into existing from holds h where h.account_id = p_account and h.idempotency_key = p_key;
  if found then
    return query select case when existing.request_hash = p_request_hash then 'repeated' else 'key_reused' end, existing, known, null::int;
    return;
  end if;
  if p_amount is null then
    return query select 'no_amount', null::holds, known, null::int;
    return;
  end if;
  available := known.balance_nano - known.held_nano;
  if cardinality(known.set_reasons) > 0 or known.balance_nano <= 0 then
    return query select 'account_suspended', null::holds, known, null::int;
    return;
  end if;
  if available <= 0 or available < p_amount then
    return query select 'insufficient_funds', null::holds, known, null::int;
    return;
  end if;
  select count(*) into open from holds h where h.account_id = p_account and h.status = 'open';
  if open >= p_open_max then
    return query select 'too_many', null::holds, known, open;
    return;
  end if;
  update balances b set held_nano = b.held_nano + p_amount where b.account_id = p_account returning * into known;
  insert into holds (account_id, amount_nano, expires_at, idempotency_key, request_hash)
    values (p_account, p_amount, clock_timestamp() + make_interval(secs => p_seconds), p_key, p_request_hash)
    returning * into existing;
  return query select 'placed', existing, known, open + 1;
end $function$
;

CREATE OR REPLACE FUNCTION post_line(p_account text, p_kind text, p_counterparty text, p_amount bigint, p_key text, p_reference text, p_description text)
 RETURNS TABLE(line ledger_lines, posted boolean)
 LANGUAGE plpgsql
AS $function$
declare
  existing ledger_lines;
  moved balances;
begin
  perform 1 from balances where account_id = p_account for no key update;
  if not found then
    raise exception 'no account %', p_account using errcode = 'foreign_key_violation';
  end if;
  select * into existing from ledger_lines where key = p_key and kind <> 'usage';
  if found then
    if (existing.account_id, existing.kind, existing.amount_nano) is distinct from (p_account, p_kind, p_amount) then
      raise exception 'ledger key % stands with other content', p_key using errcode = 'unique_violation';
    end if;
    return query select existing, false;
    return;
  end if;
  update balances set balance_nano = balance_nano + p_amount, sequence = sequence + 1
    where account_id = p_account returning * into moved;
  insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    values (p_account, moved.sequence, p_kind, p_counterparty, p_amount, moved.balance_nano, p_key, p_reference, p_description)
    returning * into existing;
  return query select existing, true;
end $function$
;

CREATE OR REPLACE FUNCTION post_notice(p_account text, p_kind text, p_key text, p_data jsonb)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
declare
  v_notice uuid;
  v_busy boolean;
begin
  insert into notices (account_id, kind, key, data) values (p_account, p_kind, p_key, p_data)
    on conflict (key) do nothing returning id into v_notice;
  if v_notice is null then return; end if;

  v_busy := p_kind in ('low_balance', 'suspended', 'resumed', 'first_failed_attempt', 'disabled_by_owner', 'guard_reached', 'batch_ended')
    and 3 = (select count(*) from (
      select from notices where account_id = p_account and kind = p_kind and at > now() - interval '1 hour' and id <> v_notice
      limit 3) lately);

  with owners as (
    select email from members
    where account_id = p_account and role = 'owner' and removed_at is null and confirmed_at is not null
  ), folded as (
    update notice_deliveries d set status = 'folded' from notices n, owners o
    where v_busy and n.account_id = p_account and n.kind = p_kind and d.notice_id = n.id and d.recipient = o.email
      and d.status = 'pending' and d.attempts = 0 and d.next_attempt_at > now()
    returning d.recipient, d.next_attempt_at, d.folds
  ), waiting as (
    select recipient, min(next_attempt_at) as until, sum(folds + 1)::int as folds from folded group by recipient
  )
  insert into notice_deliveries (notice_id, recipient, next_attempt_at, folds)
  select v_notice, o.email, case when v_busy then coalesce(w.until, now() + interval '20 minutes') else now() end,
         coalesce(w.folds, 0)
  from owners o left join waiting w on w.recipient = o.email;

  insert into webhook_deliveries (notice_id, endpoint_id)
  select v_notice, e.id from webhook_endpoints e
  where e.account_id = p_account and e.removed_at is null and e.disabled_at is null and e.events && array['*', p_kind];
end $function$
;

CREATE OR REPLACE FUNCTION post_usage(p_accounts text[], p_account integer[], p_event text[], p_model text[], p_input bigint[], p_cached bigint[], p_output bigint[], p_images bigint[], p_image_size text[], p_at bigint[], p_cost bigint[], p_hold uuid[], p_kind text[], p_freed bigint[] DEFAULT NULL::bigint[])
 RETURNS TABLE(places integer[], outcomes text[], available bigint[], watermarks bigint[], wakes boolean[], gates text[], gate_versions bigint[], reloads_due_ms bigint[])
 LANGUAGE plpgsql
 SET enable_hashjoin TO 'off'
 SET enable_mergejoin TO 'off'
 SET enable_seqscan TO 'off'
 SET plan_cache_mode TO 'force_generic_plan'
AS $function$
#variable_conflict use_column
declare
  -- Nobody keeps an account's lock for a second: who does is frozen, or a person, and all others of the commit would wait.
  v_lock_timeout constant text := '1s';
  v_lock_timeout_before constant text := current_setting('lock_timeout');
  v_posting constant bigint := nextval('usage_postings');
  v_accounts constant int := cardinality(p_accounts);
  -- Of the accounts that exist, and are locked.
  v_known int[];
  -- By place in p_accounts; null for what does not exist.
  v_sequences bigint[];
  -- Places of accounts that are closed, or about to be: null where there are none. Who closes one holds its lock.
  v_closed int[];
  -- By place: the event names a hold that its account does not have.
  v_strays boolean[];
  -- By place: what its id is looked up by.
  v_keys bigint[];
  -- Those of v_keys that an existing event has: one of the same id, or of another id by chance.
  v_hits bigint[];
  v_taken int;
  v_moved int[];
begin
  perform set_config('lock_timeout', v_lock_timeout, true);
  select array_agg(l.place order by l.place), array_agg(l.sequence order by l.place), array_agg(l.place) filter (where l.closed)
  into v_known, v_sequences, v_closed
  from (select a.place::int, b.sequence, 'account_closed' = any (b.set_reasons) as closed from unnest(p_accounts) with ordinality a(id, place) join balances b on b.account_id = a.id
        order by b.account_id for no key update of b) l;
  perform set_config('lock_timeout', v_lock_timeout_before, true);
  if coalesce(cardinality(v_known), 0) < v_accounts then
    v_sequences := (select array_agg(v_sequences[array_position(v_known, place)] order by place) from generate_series(1, v_accounts) place);
  end if;

  if p_hold is not null then
    select array_agg(e.hold_id is not null and h.id is null order by e.place) into v_strays
    from unnest(p_account, p_hold) with ordinality as e(account, hold_id, place)
    left join holds h on h.id = e.hold_id and h.account_id = p_accounts[e.account];
  end if;

  select array_agg(usage_key(p_accounts[e.account], e.event_id) order by e.place) into v_keys
  from unnest(p_account, p_event) with ordinality as e(account, event_id, place);
  select array_agg(usage_key(u.account_id, u.event_id)) into v_hits
  from usage_events u where usage_key(u.account_id, u.event_id) = any (v_keys);

  with fresh as materialized (
    -- The first of equal ids in one commit counts.
    select distinct on (e.account, e.event_id collate "C")
           p_accounts[e.account] as account_id, v_sequences[e.account] + 1 as sequence, e.*
    from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size, p_at, p_cost, p_hold, p_kind, v_keys)
      with ordinality as e(account, event_id, model, input, cached, output, images, image_size, at_ms, cost, hold_id, kind, key, place)
    where v_sequences[e.account] is not null and v_strays[e.place::int] is not true
      and (v_closed is null or e.account <> all (v_closed))
      and (v_hits is null or e.key <> all (v_hits) or not exists (
        select from usage_events u where usage_key(u.account_id, u.event_id) = e.key
          and u.account_id = p_accounts[e.account] and u.event_id = e.event_id))
    order by e.account, e.event_id collate "C", e.place
  ), inserted as (
    insert into usage_events (account_id, event_id, sequence, posting, model, input_tokens, cached_input_tokens,
                              output_tokens, images, image_size, hold_id, at, cost_nano, kind)
    select account_id, event_id, sequence, v_posting, model, input, coalesce(cached, 0),
           output, coalesce(images, 0), image_size, hold_id, to_timestamp(at_ms / 1000.0::float8), cost,
           coalesce(kind, case when images > 0 then 'image' else 'text' end)
    from fresh
  ), unsummed as (
    insert into usage_unsummed (posting) select v_posting where exists (select from fresh)
  ), settling as (
    select h.id, f.account, case when h.status = 'open' then h.amount_nano else 0 end as held, f.cost
    from (select hold_id, account, sum(cost)::bigint as cost from fresh where hold_id is not null group by 1, 2) f
    join holds h on h.id = f.hold_id
    where h.status in ('open', 'expired')
  ), settled as (
    update holds h set status = 'settled', charged_nano = s.cost, released_nano = greatest(s.held - s.cost, 0), ended_at = clock_timestamp()
    from settling s where h.id = s.id
  ), sums as (
    select account, sum(cost)::bigint as cost, sum(freed)::bigint as freed, sum(events)::int as events
    from (
      select account, cost, 0::bigint as freed, 1 as events from fresh
      union all
      select account, 0, held, 0 from settling
    ) i group by account
  ), moved as (
    update balances b set balance_nano = b.balance_nano - s.cost, held_nano = b.held_nano - s.freed - coalesce(p_freed[s.account], 0), sequence = b.sequence + 1
    from sums s where b.account_id = p_accounts[s.account]
    returning s.account as place, s.cost, s.events, b.*
  ), lines as (
    insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    select account_id, sequence, 'usage', 'usage', -cost, balance_nano, 'usage/' || account_id || '/' || sequence,
           'usage/' || v_posting, events || case when events = 1 then ' request' else ' requests' end
    from moved
  )
  select coalesce(sum(events), 0), coalesce(array_agg(place), '{}'), null, array_agg(balance_nano - held_nano), array_agg(watermark), array_agg(wake),
         array_agg(array_to_string(gate_state || gate_reasons, '/')), array_agg(gate_version), array_agg((extract(epoch from reload_due_at) * 1000)::bigint)
  into v_taken, places, outcomes, available, watermarks, wakes, gates, gate_versions, reloads_due_ms
  from moved;
  v_moved := places;
  if cardinality(v_moved) > 0 then return next; end if;

  if cardinality(v_moved) < cardinality(v_known) then -- null where nothing is known
    return query
      select array_agg(a.place::int), null::text[], array_agg(b.balance_nano - b.held_nano), array_agg(b.watermark), array_agg(b.wake),
             array_agg(array_to_string(b.gate_state || b.gate_reasons, '/')), array_agg(b.gate_version), array_agg((extract(epoch from b.reload_due_at) * 1000)::bigint)
      from unnest(p_accounts) with ordinality a(id, place) join balances b on b.account_id = a.id
      where a.place = any (v_known) and a.place <> all (v_moved);
  end if;

  if v_taken < cardinality(p_event) then
    return query
      select array_agg(t.place order by t.place), array_agg(t.outcome order by t.place), null::bigint[], null::bigint[], null::boolean[], null::text[], null::bigint[], null::bigint[]
      from (
        select e.place::int,
          case when v_sequences[e.account] is null then 'unknown_account'
               when u.event_id is null and e.account = any (v_closed) then 'account_closed'
               when u.event_id is null then 'unknown_hold'
               when (u.model, u.input_tokens, u.cached_input_tokens, u.output_tokens, u.images, u.image_size)
                 is not distinct from (e.model, e.input, coalesce(e.cached, 0), e.output, coalesce(e.images, 0), e.image_size) then 'duplicate'
               else 'event_conflict' end as outcome
        from (
          select *, row_number() over (partition by account, event_id, stray order by place) as nth
          from (
            select *, v_strays[place::int] is true as stray
            from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size, v_keys)
              with ordinality as e(account, event_id, model, input, cached, output, images, image_size, key, place)
          ) e
        ) e
        left join usage_events u on usage_key(u.account_id, u.event_id) = e.key
          and u.account_id = p_accounts[e.account] and u.event_id = e.event_id
        -- What this commit has inserted, it was taken for; the first of equal ids was.
        where not (e.nth = 1 and not e.stray and u.posting is not distinct from v_posting)
      ) t;
  end if;
end $function$
;

CREATE OR REPLACE FUNCTION posting_of(line ledger_lines)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select case line.kind when 'usage' then substr(line.reference, length('usage/') + 1)::bigint end;
$function$
;

CREATE OR REPLACE FUNCTION prepare_usage_months()
 RETURNS TABLE(month text, made text, because text, busy boolean)
 LANGUAGE plpgsql
AS $function$
begin
  for month in
    select to_char(now() at time zone 'UTC' + make_interval(months => ahead), 'YYYY-MM') from generate_series(0, 2) ahead
  loop
    made := null;
    because := null;
    busy := false;
    begin
      made := create_usage_month(month);
    exception when others then
      because := sqlerrm;
      busy := sqlstate = '55P03';
    end;
    if made is not null or because is not null then return next; end if;
  end loop;
end $function$
;

CREATE OR REPLACE FUNCTION raise_news(p_account text)
 RETURNS SETOF balances
 LANGUAGE sql
AS $function$
  update balances set news = news + 1 where account_id = p_account returning *;
$function$
;

CREATE OR REPLACE FUNCTION refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $function$
;

CREATE OR REPLACE FUNCTION refuse_rewriting()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  was constant jsonb := to_jsonb(old);
  erased constant jsonb := was || case tg_table_name
    when 'audit' then jsonb_build_object(
      'actor', erased_text(was->>'actor'),
      'details', erased_details(was->>'action', was->'details'))
    else jsonb_build_object(
      'because', erased_text(was->>'because'),
      'known', erased_text((was->'known')::text)::jsonb) end;
begin
  if to_jsonb(new) = erased and exists (select from accounts where id = old.account_id and closing_at is not null) then
    return new;
  end if;
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $function$
;

CREATE OR REPLACE FUNCTION reload_spend(p_account text, p_at timestamp with time zone)
 RETURNS TABLE(spent_cents bigint, uncanceled_cents bigint)
 LANGUAGE sql
 STABLE
AS $function$
  select coalesce(sum(amount_cents), 0)::bigint,
         coalesce(sum(amount_cents) filter (
           where payment_is_open(status) and (select r.closed_at from reloads r where r.id = counted.id) is not null), 0)::bigint
  from (select date_trunc('month', p_at at time zone 'UTC') at time zone 'UTC' as start) month
  -- Each by an index of its own: the months before are not walked through.
  cross join lateral (
    select id, amount_cents, status from payments
      where account_id = p_account and purpose = 'reload' and payment_is_open(status)
    union select id, amount_cents, status from payments
      where account_id = p_account and purpose = 'reload' and status in ('succeeded', 'quarantined') and settled_at >= month.start
    union select id, amount_cents, status from payments
      where account_id = p_account and purpose = 'reload' and status in ('succeeded', 'quarantined') and created_at >= month.start) counted;
$function$
;

CREATE OR REPLACE FUNCTION sum_usage(p_postings_max integer)
 RETURNS integer
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
declare
  v_postings bigint[];
begin
  if not pg_try_advisory_xact_lock(7225580) then return 0; end if;
  with taken as (
    delete from usage_unsummed where posting in (select posting from usage_unsummed order by posting limit p_postings_max)
    returning posting
  )
  select array_agg(posting) into v_postings from taken;
  if v_postings is null then return 0; end if;

  insert into usage_days as d (account_id, day, model, kind, requests, input_tokens, output_tokens, images, cost_nano)
  select account_id, (at at time zone 'UTC')::date, model, kind, count(*), sum(input_tokens), sum(output_tokens), sum(images), sum(cost_nano)
  from usage_events where posting = any (v_postings)
  group by 1, 2, 3, 4 order by 1, 2, 3, 4
  on conflict (account_id, day, model, kind) do update set
    requests = d.requests + excluded.requests, input_tokens = d.input_tokens + excluded.input_tokens,
    output_tokens = d.output_tokens + excluded.output_tokens, images = d.images + excluded.images,
    cost_nano = d.cost_nano + excluded.cost_nano;
  return cardinality(v_postings);
end $function$
;

CREATE OR REPLACE FUNCTION sync_reload_due()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
declare
  due constant timestamptz := (select due_at from reloads where account_id = new.account_id and closed_at is null);
begin
  update balances set reload_due_at = due where account_id = new.account_id and reload_due_at is distinct from due;
  return null;
end $function$
;

CREATE OR REPLACE FUNCTION usage_key(p_account text, p_event text)
 RETURNS bigint
 LANGUAGE sql
 IMMUTABLE
AS $function$
  select hashtextextended(p_account || ' ' || p_event, 0);
$function$
;

CREATE OR REPLACE FUNCTION usage_of_days(p_account text, p_from date, p_to date)
 RETURNS TABLE(day date, model text, kind text, requests bigint, input_tokens bigint, output_tokens bigint, images bigint, cost_nano bigint)
 LANGUAGE sql
 STABLE
AS $function$
  select d.day, d.model, d.kind, d.requests, d.input_tokens, d.output_tokens, d.images, d.cost_nano
  from usage_days d
  where d.account_id = p_account and (p_from is null or d.day >= p_from) and (p_to is null or d.day <= p_to)
  union all
  select (u.at at time zone 'UTC')::date, u.model, u.kind, 1, u.input_tokens, u.output_tokens, u.images, u.cost_nano
  from usage_unsummed n join usage_events u on u.posting = n.posting and u.account_id = p_account
  where (p_from is null or u.at >= p_from::timestamp at time zone 'UTC')
    and (p_to is null or u.at < (p_to + 1)::timestamp at time zone 'UTC');
$function$
;
