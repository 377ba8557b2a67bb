-- The schema as the build of 2026-11-25 made it, before functions had files of their own: all its migrations in order.
-- A database of that build must come to today's schema (test/ledger/migrate.test.ts).
create table migrations (name text primary key, at timestamptz not null default now());

-- 000001-accounts.sql
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

-- The database itself refuses to change what is append-only (B2): no role, no bug, no console session may.
create function refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only: % refused', tg_table_name, tg_op using errcode = 'restrict_violation';
end $$;
create trigger audit_append_only before update or delete or truncate on audit
  for each statement execute function refuse_change();
insert into migrations (name) values ('000001-accounts.sql');

-- 000002-ledger.sql
-- The money: a position per account, the append-only lines it follows from, and the gate derived from it.

-- The position is the ledger's running sum. `watermark` grows with each change of balance or held: a signal that
-- carries it can be lost, repeated or reordered without harm. It is hot, so it is narrow and updated in place (HOT).
create table balances (
  account_id text primary key references accounts,
  balance_nano bigint not null default 0,
  held_nano bigint not null default 0 check (held_nano >= 0),
  sequence bigint not null default 0,
  watermark bigint not null default 0,

  -- At or below: what the gate calls low (S4), and whose crossing wakes the workflow (A3).
  low_level_nano bigint not null default 5000000000,
  trigger_level_nano bigint not null default 5000000000,
  -- admin_suspended, payment_disputed: copied here from `suspensions` by the transaction that changes them (S5).
  set_reasons text[] not null default '{}',
  -- When the reload in flight acts next; null when none is in flight.
  reload_due_at timestamptz,

  -- Derived by the trigger below, never written by hand.
  gate_state text not null default 'suspended' check (gate_state in ('ok', 'low', 'reloading', 'suspended')),
  gate_reasons text[] not null default '{}',
  gate_version bigint not null default 0,
  gate_changed_xid xid8 not null default '0',

  -- What the workflow has folded. `news` counts what it must read again for: payments, methods, reasons.
  news bigint not null default 1,
  folded_news bigint not null default 0,
  folded_available_nano bigint not null default 0,
  -- Counts the snapshots that workflows have taken, so that of two the newer one is known.
  revision bigint not null default 0,
  wake boolean not null default true
) with (fillfactor = 50);
create index balances_gate_changed on balances (gate_changed_xid);
create index balances_wake on balances (account_id) where wake;

-- Keeps the gate, its version and the wake mark true in the very transaction that changes what they follow from.
create function derive_position() returns trigger language plpgsql as $$
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
end $$;
create trigger balances_derive before insert or update on balances
  for each row execute function derive_position();

create table suspensions (
  account_id text not null references accounts,
  reason text not null check (reason in ('admin_suspended', 'payment_disputed')),
  note text not null,
  actor text not null,
  at timestamptz not null default now(),
  primary key (account_id, reason)
);

-- A line is both entries: the account on one side, the counterparty named on the other (view `ledger_entries`).
-- A counterparty is a name, never a row with a balance: such a row would make all accounts wait for each other.
-- No foreign key: lines are written only by post_line and post_usage, under the lock of the account's balances row.
create table ledger_lines (
  account_id text not null,
  sequence bigint not null check (sequence > 0),
  kind text not null check (kind in ('prepayment', 'reload', 'usage', 'adjustment', 'refund', 'refund_reversal',
                                     'dispute', 'dispute_reversal', 'usage_reversal')),
  counterparty text not null check (counterparty in ('payments', 'usage', 'adjustments')),
  amount_nano bigint not null,
  balance_after_nano bigint not null,
  key text not null unique,
  reference text not null,
  description text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (account_id, sequence),
  check (case when kind in ('prepayment', 'reload', 'refund_reversal', 'dispute_reversal') then amount_nano > 0
              when kind in ('refund', 'dispute') then amount_nano < 0
              when kind = 'usage' then amount_nano <= 0
              when kind = 'usage_reversal' then amount_nano >= 0
              else amount_nano <> 0 end)
);
create trigger ledger_lines_append_only before update or delete or truncate on ledger_lines
  for each statement execute function refuse_change();

create view ledger_entries as
  select account_id as ledger_account, amount_nano, key, account_id, sequence, at from ledger_lines
  union all
  select counterparty, -amount_nano, key, account_id, sequence, at from ledger_lines;

-- Posts one line, once per key: again with the same content it returns the line that stands, with other content it
-- raises. Locks the account's position first: whoever moves an account's money waits in line.
create function post_line(p_account text, p_kind text, p_counterparty text, p_amount bigint, p_key text,
                          p_reference text, p_description text)
returns table (line ledger_lines, posted boolean) language plpgsql as $$
declare
  standing ledger_lines;
  moved balances;
begin
  perform 1 from balances where account_id = p_account for no key update;
  if not found then
    raise exception 'no account %', p_account using errcode = 'foreign_key_violation';
  end if;
  select * into standing from ledger_lines where key = p_key;
  if found then
    if (standing.account_id, standing.kind, standing.amount_nano) is distinct from (p_account, p_kind, p_amount) then
      raise exception 'ledger key % stands with other content', p_key using errcode = 'unique_violation';
    end if;
    return query select standing, false;
    return;
  end if;
  update balances set balance_nano = balance_nano + p_amount, sequence = sequence + 1
    where account_id = p_account returning * into moved;
  insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    values (p_account, moved.sequence, p_kind, p_counterparty, p_amount, moved.balance_nano, p_key, p_reference, p_description)
    returning * into standing;
  return query select standing, true;
end $$;
insert into migrations (name) values ('000002-ledger.sql');

-- 000003-usage.sql
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
create trigger usage_events_append_only before update or delete or truncate on usage_events
  for each statement execute function refuse_change();

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

-- Posts a commit's events in one round trip: each new event once, one line and one position update per account.
--
-- Locks come first and in order of account id: then two posters never wait in a circle, an id conflict can only be
-- with what is committed, and each later statement sees all of it. p_accounts are distinct ids; p_account holds, per
-- event, the place (from 1) of its account there. Events of unknown accounts are left out and told.
--
-- Answers a row per known account with its position after the posting, and a row per event that was not taken, with
-- its place in the arrays (from 1) and `duplicate`, `event_conflict` or `unknown_account`.
create function post_usage(p_accounts text[], p_account int[], p_event text[], p_model text[], p_input bigint[],
                           p_cached bigint[], p_output bigint[], p_images bigint[], p_image_size text[],
                           p_at timestamptz[], p_cost bigint[])
returns table (account balances, place int, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  taken int;
  moved_accounts text[];
begin
  perform 1 from balances where account_id = any(p_accounts) order by account_id for no key update;

  with incoming as (
    select b.account_id, b.sequence + 1 as sequence, e.*
    from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size, p_at, p_cost)
      with ordinality as e(account, event_id, model, input, cached, output, images, image_size, at, cost, place)
    join balances b on b.account_id = p_accounts[e.account]
  ), inserted as (
    insert into usage_events as u (account_id, event_id, sequence, model, input_tokens, cached_input_tokens,
                                   output_tokens, images, image_size, at, cost_nano)
    select i.account_id, i.event_id, i.sequence, i.model, i.input, i.cached, i.output, i.images, i.image_size, i.at, i.cost
    from incoming i order by i.account_id, i.event_id, i.place
    on conflict do nothing
    returning u.account_id, u.cost_nano
  ), sums as (
    select i.account_id, sum(i.cost_nano)::bigint as cost, count(*)::int as events from inserted i group by i.account_id
  ), moved as (
    update balances b set balance_nano = b.balance_nano - s.cost, sequence = b.sequence + 1
    from sums s where b.account_id = s.account_id
    returning b.account_id, b.sequence, b.balance_nano, s.cost, s.events
  ), lines as (
    insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    select m.account_id, m.sequence, 'usage', 'usage', -m.cost, m.balance_nano,
           'usage/' || m.account_id || '/' || m.sequence, 'usage/' || m.sequence,
           m.events || case when m.events = 1 then ' request' else ' requests' end
    from moved m
  )
  select coalesce(sum(m.events), 0), coalesce(array_agg(m.account_id), '{}') into taken, moved_accounts from moved m;

  return query select b, null::int, null::text from balances b where b.account_id = any(p_accounts);

  if taken < cardinality(p_event) then
    return query
      select null::balances, e.place::int,
        case when b.account_id is null then 'unknown_account'
             when (u.model, u.input_tokens, u.cached_input_tokens, u.output_tokens, u.images, u.image_size)
               is not distinct from (e.model, e.input, e.cached, e.output, e.images, e.image_size) then 'duplicate'
             else 'event_conflict' end
      from (
        -- The first of equal ids in one commit is the one that was inserted.
        select *, row_number() over (partition by account, event_id order by place) as nth
        from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size)
          with ordinality as e(account, event_id, model, input, cached, output, images, image_size, place)
      ) e
      left join balances b on b.account_id = p_accounts[e.account]
      left join usage_events u on u.account_id = b.account_id and u.event_id = e.event_id
      -- What this commit inserted carries the account's newest sequence, and only moved accounts have a new one.
      where not (e.nth = 1 and b.account_id = any(moved_accounts) and u.sequence = b.sequence)
        or b.account_id is null
      order by e.place;
  end if;
end $$;
insert into migrations (name) values ('000003-usage.sql');

-- 000004-payments.sql
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
insert into migrations (name) values ('000004-payments.sql');

-- 000005-decisions.sql
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
create trigger decisions_append_only before update or delete or truncate on decisions
  for each statement execute function refuse_change();
insert into migrations (name) values ('000005-decisions.sql');

-- 000006-notices.sql
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

create function post_notice(p_account text, p_kind text, p_key text, p_data jsonb) returns void language sql as $$
  with notice as (
    insert into notices (account_id, kind, key, data) values (p_account, p_kind, p_key, p_data)
    on conflict (key) do nothing returning id
  )
  insert into notice_deliveries (notice_id, recipient)
  select notice.id, m.email from notice, members m
  where m.account_id = p_account and m.role = 'owner' and m.removed_at is null;
$$;

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
insert into migrations (name) values ('000006-notices.sql');

-- 000007-overdue.sql
-- What the relay looks for each second must cost next to nothing when there is none.
create index payments_undecided on payments (created_at) where status = 'processing';
insert into migrations (name) values ('000007-overdue.sql');

-- 000008-overdue-states.sql
-- What waits for a time to come, for the relay: few rows at any moment.
create index account_states_waiting on account_states (account_id) where blocked_until is not null or told_suspended = 'due';
insert into migrations (name) values ('000008-overdue-states.sql');

-- 000101-rejected-usage-event.sql
-- A client that repeats a request has its rejected events looked up by id, so that each is kept once.
create index rejected_usage_event on rejected_usage (account_id, event_id);
insert into migrations (name) values ('000101-rejected-usage-event.sql');

-- 000110-holds.sql
-- Money set aside for requests that are still running (B5). balances.held_nano is the sum of the open ones. Both change
-- in one transaction, under the lock of the account's balances row: whoever changes holds takes the rows of all their
-- accounts first, in order of id, and only then the holds; so nobody waits in a circle.
create table holds (
  id uuid primary key default gen_random_uuid(),
  account_id text not null references accounts,
  amount_nano bigint not null check (amount_nano >= 0),
  -- Expired is no end: the money went back by itself, but the hold can still be settled or released.
  status text not null default 'open' check (status in ('open', 'settled', 'released', 'expired')),
  expires_at timestamptz not null,
  -- The caller's key and what it asked, so that a repeat is known and other content refused.
  idempotency_key text not null,
  request_hash text not null,
  -- What it was settled with; null when usage that named it has settled it.
  settle_hash text,
  -- What the usage cost that settled it, and what went back: nothing, where it had gone back before.
  charged_nano bigint check (charged_nano >= 0),
  released_nano bigint check (released_nano between 0 and amount_nano),
  created_at timestamptz not null default clock_timestamp(),
  ended_at timestamptz,
  unique (account_id, idempotency_key),
  check ((status = 'open') = (ended_at is null)),
  check ((status = 'open') = (released_nano is null)),
  check ((status = 'settled') = (charged_nano is not null))
);
create index holds_account on holds (account_id, created_at desc, id desc);
create index holds_expiring on holds (expires_at) where status = 'open';

-- Sets money aside, or says why not; once per key: again with the same content it returns the hold that stands.
-- Outcomes: placed, repeated, key_reused, unknown_account, no_amount, account_suspended, insufficient_funds. An account
-- whose money is only set aside by other holds is short of funds, not suspended for want of a payment: they come back.
-- p_amount is null where it could not be found out: then only a hold that stands is answered.
create function place_hold(p_account text, p_amount bigint, p_seconds int, p_key text, p_request_hash text)
returns table (outcome text, hold holds, account balances) language plpgsql as $$
declare
  standing holds;
  known balances;
  available bigint;
begin
  select * into known from balances b where b.account_id = p_account for no key update;
  if not found then
    return query select 'unknown_account', null::holds, null::balances;
    return;
  end if;
  select * into standing from holds h where h.account_id = p_account and h.idempotency_key = p_key;
  if found then
    return query select case when standing.request_hash = p_request_hash then 'repeated' else 'key_reused' end, standing, known;
    return;
  end if;
  if p_amount is null then
    return query select 'no_amount', null::holds, known;
    return;
  end if;
  available := known.balance_nano - known.held_nano;
  if cardinality(known.set_reasons) > 0 or known.balance_nano <= 0 then
    return query select 'account_suspended', null::holds, known;
    return;
  end if;
  if available <= 0 or available < p_amount then
    return query select 'insufficient_funds', null::holds, known;
    return;
  end if;
  update balances b set held_nano = b.held_nano + p_amount where b.account_id = p_account returning * into known;
  insert into holds (account_id, amount_nano, expires_at, idempotency_key, request_hash)
    values (p_account, p_amount, clock_timestamp() + make_interval(secs => p_seconds), p_key, p_request_hash)
    returning * into standing;
  return query select 'placed', standing, known;
end $$;

-- Gives back what was set aside by at most p_limit holds whose time is over; answers their accounts' new positions.
-- What has ended while this waited for the locks is seen by the later statements, and left alone.
create function expire_holds(p_limit int) returns setof balances language plpgsql as $$
declare
  due uuid[];
  accounts_due text[];
begin
  select array_agg(h.id), array_agg(distinct h.account_id) into due, accounts_due from (
    select id, account_id from holds where status = 'open' and expires_at <= clock_timestamp() order by expires_at limit p_limit) h;
  if due is null then return; end if;
  perform 1 from balances b where b.account_id = any(accounts_due) order by b.account_id for no key update;
  return query
    with expired as (
      update holds h set status = 'expired', released_nano = h.amount_nano, ended_at = clock_timestamp()
      where h.id = any(due) and h.status = 'open' returning h.account_id, h.amount_nano
    ), freed as (
      select e.account_id, sum(e.amount_nano)::bigint as nano from expired e group by e.account_id
    )
    update balances b set held_nano = b.held_nano - f.nano from freed f where b.account_id = f.account_id returning b.*;
end $$;
insert into migrations (name) values ('000110-holds.sql');

-- 000111-usage-settles-holds.sql
-- Posts a commit's events in one round trip, as before (000003), and settles the holds they name: the new events of a
-- hold take its money back and deduct their cost in one update of the position. A hold that has ended stays as it is,
-- and the usage is posted all the same: it has happened. p_hold is null where no event names a hold.
--
-- Answers as before; an event that names a hold its account does not have is not taken, and told as `unknown_hold`,
-- unless its id stands already. p_hold may be left out, so that a process of an earlier release can go on.
drop function post_usage(text[], int[], text[], text[], bigint[], bigint[], bigint[], bigint[], text[], timestamptz[], bigint[]);

create function post_usage(p_accounts text[], p_account int[], p_event text[], p_model text[], p_input bigint[],
                           p_cached bigint[], p_output bigint[], p_images bigint[], p_image_size text[],
                           p_at timestamptz[], p_cost bigint[], p_hold uuid[] default null)
returns table (account balances, place int, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  taken int;
  moved_accounts text[];
  -- By place: the event names a hold that its account does not have.
  strays boolean[];
begin
  perform 1 from balances where account_id = any(p_accounts) order by account_id for no key update;

  if p_hold is not null then
    select array_agg(e.hold_id is not null and h.id is null order by e.place) into strays
    from unnest(p_account, p_hold) with ordinality as e(account, hold_id, place)
    left join holds h on h.id = e.hold_id and h.account_id = p_accounts[e.account];
  end if;

  with incoming as (
    select b.account_id, b.sequence + 1 as sequence, e.*
    from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size, p_at, p_cost, p_hold)
      with ordinality as e(account, event_id, model, input, cached, output, images, image_size, at, cost, hold_id, place)
    join balances b on b.account_id = p_accounts[e.account]
    where strays[e.place::int] is not true
  ), inserted as (
    insert into usage_events as u (account_id, event_id, sequence, model, input_tokens, cached_input_tokens,
                                   output_tokens, images, image_size, hold_id, at, cost_nano)
    select i.account_id, i.event_id, i.sequence, i.model, i.input, i.cached, i.output, i.images, i.image_size, i.hold_id, i.at, i.cost
    from incoming i order by i.account_id, i.event_id, i.place
    on conflict do nothing
    returning u.account_id, u.cost_nano, u.hold_id
  ), settling as (
    select h.id, h.account_id, case when h.status = 'open' then h.amount_nano else 0 end as held, u.cost
    from (select hold_id, sum(cost_nano)::bigint as cost from inserted where hold_id is not null group by hold_id) u
    join holds h on h.id = u.hold_id
    where h.status in ('open', 'expired')
  ), settled as (
    update holds h set status = 'settled', charged_nano = s.cost, released_nano = greatest(s.held - s.cost, 0), ended_at = clock_timestamp()
    from settling s where h.id = s.id
  ), sums as (
    select account_id, sum(cost)::bigint as cost, sum(freed)::bigint as freed, sum(events)::int as events
    from (
      select account_id, cost_nano as cost, 0::bigint as freed, 1 as events from inserted
      union all
      select account_id, 0, held, 0 from settling
    ) i group by account_id
  ), moved as (
    update balances b set balance_nano = b.balance_nano - s.cost, held_nano = b.held_nano - s.freed, sequence = b.sequence + 1
    from sums s where b.account_id = s.account_id
    returning b.account_id, b.sequence, b.balance_nano, s.cost, s.events
  ), lines as (
    insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    select m.account_id, m.sequence, 'usage', 'usage', -m.cost, m.balance_nano,
           'usage/' || m.account_id || '/' || m.sequence, 'usage/' || m.sequence,
           m.events || case when m.events = 1 then ' request' else ' requests' end
    from moved m
  )
  select coalesce(sum(m.events), 0), coalesce(array_agg(m.account_id), '{}') into taken, moved_accounts from moved m;

  return query select b, null::int, null::text from balances b where b.account_id = any(p_accounts);

  if taken < cardinality(p_event) then
    return query
      select null::balances, e.place::int,
        case when b.account_id is null then 'unknown_account'
             when u.event_id is null then 'unknown_hold'
             when (u.model, u.input_tokens, u.cached_input_tokens, u.output_tokens, u.images, u.image_size)
               is not distinct from (e.model, e.input, e.cached, e.output, e.images, e.image_size) then 'duplicate'
             else 'event_conflict' end
      from (
        -- The first of equal ids in one commit is the one that was inserted.
        select *, row_number() over (partition by account, event_id, stray order by place) as nth
        from (
          select *, strays[place::int] is true as stray
          from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size)
            with ordinality as e(account, event_id, model, input, cached, output, images, image_size, place)
        ) e
      ) e
      left join balances b on b.account_id = p_accounts[e.account]
      left join usage_events u on u.account_id = b.account_id and u.event_id = e.event_id
      -- What this commit inserted carries the account's newest sequence, and only moved accounts have a new one.
      where not (e.nth = 1 and not e.stray and b.account_id = any(moved_accounts) and u.sequence = b.sequence)
        or b.account_id is null or e.stray
      order by e.place;
  end if;
end $$;
insert into migrations (name) values ('000111-usage-settles-holds.sql');

-- 000112-usage-reversals.sql
-- A reversal is for ever, as the event it gives back (B6); `sequence` is the ledger line that did.
create unique index usage_reversals_line on usage_reversals (account_id, sequence);
create trigger usage_reversals_append_only before update or delete or truncate on usage_reversals
  for each statement execute function refuse_change();
insert into migrations (name) values ('000112-usage-reversals.sql');

-- 000120-taken-back.sql
-- What is taken back: refunds that admins ask for, disputes as Stripe last told of them.

-- The lines that take a payment's money back, found by the payment.
create index ledger_lines_taken_back on ledger_lines (reference)
  where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal');

-- Written before Stripe is asked. What is `requested` may have been made: its cents are not given out again until it is
-- known. Its id goes to Stripe with the refund, so that it is found there whatever became of the answer.
create table refund_requests (
  id uuid primary key,
  account_id text not null references accounts,
  payment_id uuid not null references payments,
  idempotency_key text not null,
  request_hash text not null,
  amount_cents bigint not null check (amount_cents > 0),
  status text not null default 'requested' check (status in ('requested', 'made', 'refused')),
  -- Names the request at Stripe: raised when Stripe has answered and made nothing, as it keeps even a 500 under a key.
  tries int not null default 1,
  refund_id text unique,
  actor text not null,
  requested_at timestamptz not null default now(),
  unique (account_id, idempotency_key),
  check ((status = 'made') = (refund_id is not null))
);
create index refund_requests_payment on refund_requests (payment_id);
create index refund_requests_open on refund_requests (requested_at) where status = 'requested';

create table disputes (
  id text primary key,
  account_id text not null references accounts,
  payment_id uuid not null references payments,
  state text not null check (state in ('inquiry', 'open', 'won', 'lost')),
  amount_cents bigint not null,
  -- A reason for `payment_disputed`, until it is won or an admin lifts it.
  suspends boolean not null,
  seen_at timestamptz not null default now()
);
create index disputes_account on disputes (account_id) where suspends;
create index disputes_open on disputes (seen_at) where state in ('inquiry', 'open');
insert into migrations (name) values ('000120-taken-back.sql');

-- 000121-stripe-events.sql
-- Events of Stripe that were acted on, or were found to be no business of ours: a repeat is then known at once.
create table stripe_events (
  id text primary key,
  type text not null,
  -- The PaymentIntent, Checkout Session or payment method it is about.
  about text not null,
  account_id text,
  outcome text not null,
  received_at timestamptz not null default now()
);
insert into migrations (name) values ('000121-stripe-events.sql');

-- 000122-reconciliation.sql
-- Reconciliation (P6): how far it has come, and what it could not explain. One row.
create table reconciliation (
  id boolean primary key default true check (id),
  -- Stripe's events were read up to here, and every credit settled before it was found paid.
  scanned_until timestamptz,
  -- When the whole ledger was last checked against the invariants.
  checked_at timestamptz
);
insert into reconciliation default values;

-- Looked at again by every run until it is explained.
create table unexplained (
  payment_intent_id text primary key,
  kind text not null check (kind in ('paid_twice', 'paid_unknown', 'amount_differs', 'credited_without_payment', 'sum_differs')),
  account_id text,
  detail text not null,
  first_seen_at timestamptz not null default now()
);

create index payments_not_final on payments (payment_intent_id) where status in ('processing', 'requires_action');
create index payments_settled on payments (settled_at) where status = 'succeeded';
insert into migrations (name) values ('000122-reconciliation.sql');

-- 000130-checkout.sql
-- Checkout and confirmation: the page an owner is sent to, and the session that Checkout knows a prepayment by.
alter table payments
  add column checkout_session_id text unique,
  -- Checkout's page, or the bank's that asks for confirmation (P2).
  add column action_url text,
  -- How often Stripe gave no answer to creating the session: the next try goes under a key of its own, as Stripe keeps
  -- even a 500 under a key.
  add column checkout_looks int not null default 0;

-- Prepayments that wait for their owner: the relay looks for those that nobody has given up in time.
create index payments_awaiting on payments (created_at) where status = 'requires_action' and purpose = 'prepayment';
insert into migrations (name) values ('000130-checkout.sql');

-- 000140-webhooks.sql
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

-- The same in one statement as before, and a webhook for each endpoint that wants this kind.
create or replace function post_notice(p_account text, p_kind text, p_key text, p_data jsonb) returns void language sql as $$
  with notice as (
    insert into notices (account_id, kind, key, data) values (p_account, p_kind, p_key, p_data)
    on conflict (key) do nothing returning id
  ), mails as (
    insert into notice_deliveries (notice_id, recipient)
    select notice.id, m.email from notice, members m
    where m.account_id = p_account and m.role = 'owner' and m.removed_at is null
  )
  insert into webhook_deliveries (notice_id, endpoint_id)
  select notice.id, e.id from notice, webhook_endpoints e
  where e.account_id = p_account and e.removed_at is null and e.disabled_at is null and e.events && array['*', p_kind];
$$;
insert into migrations (name) values ('000140-webhooks.sql');

-- 000150-not-canceled.sql
-- What could not be canceled at Stripe: shown to operators until it is, as no reload opens before (A7).
alter table payments
  add column cancel_tries int not null default 0,
  -- Of the first try that failed.
  add column cancel_failed_at timestamptz,
  -- Of the newest.
  add column cancel_failed_because text,
  -- When it is tried again.
  add column cancel_due_at timestamptz;

alter table unexplained
  drop constraint unexplained_kind_check,
  add check (kind in ('paid_twice', 'paid_unknown', 'amount_differs', 'credited_without_payment', 'sum_differs', 'not_canceled'));
insert into migrations (name) values ('000150-not-canceled.sql');

-- 000170-lighter-posting.sql
-- Makes a commit of usage lighter, without changing what it guarantees.

-- A posting is one commit's worth of usage. Its number grows, so the index that leads from a ledger line to its events
-- grows at one end only, where an index by account would be touched in as many places as a commit has accounts.
create sequence usage_postings;
alter table usage_events disable trigger usage_events_append_only;
alter table usage_events add column posting bigint;
update usage_events set posting = sequence; -- as their lines' references say
alter table usage_events alter column posting set not null;
select setval('usage_postings', max(posting)) from usage_events having max(posting) is not null; -- none is given again
alter table usage_events enable trigger usage_events_append_only;
drop index usage_events_line;
create index usage_events_posting on usage_events (posting);

-- A usage line's key follows from its primary key, so it is unique without an index of its own. A lookup by key says
-- `kind <> 'usage'`, or names another kind: then it goes by the index.
alter table ledger_lines drop constraint ledger_lines_key_key;
create unique index ledger_lines_key on ledger_lines (key) where kind <> 'usage';
alter table ledger_lines add check (case when kind = 'usage' then key = 'usage/' || account_id || '/' || sequence
                                         else key not like 'usage/%' end);

create or replace function post_line(p_account text, p_kind text, p_counterparty text, p_amount bigint, p_key text,
                                     p_reference text, p_description text)
returns table (line ledger_lines, posted boolean) language plpgsql as $$
declare
  standing ledger_lines;
  moved balances;
begin
  perform 1 from balances where account_id = p_account for no key update;
  if not found then
    raise exception 'no account %', p_account using errcode = 'foreign_key_violation';
  end if;
  select * into standing from ledger_lines where key = p_key and kind <> 'usage';
  if found then
    if (standing.account_id, standing.kind, standing.amount_nano) is distinct from (p_account, p_kind, p_amount) then
      raise exception 'ledger key % stands with other content', p_key using errcode = 'unique_violation';
    end if;
    return query select standing, false;
    return;
  end if;
  update balances set balance_nano = balance_nano + p_amount, sequence = sequence + 1
    where account_id = p_account returning * into moved;
  insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    values (p_account, moved.sequence, p_kind, p_counterparty, p_amount, moved.balance_nano, p_key, p_reference, p_description)
    returning * into standing;
  return query select standing, true;
end $$;

drop function post_usage(text[], int[], text[], text[], bigint[], bigint[], bigint[], bigint[], text[], timestamptz[], bigint[], uuid[]);

-- Posts a commit's events in one round trip: each new event once, one line and one position update per account. The new
-- events of a hold give its money back and deduct their cost in the same update (B5); a hold that has ended stays as it
-- is, and the usage is posted all the same: it has happened.
--
-- Locks come first and in order of account id: then two posters never wait in a circle, what stands is committed and
-- seen by the statements after it, and whatever is not there can be inserted without a conflict.
--
-- p_accounts: distinct ids. p_account: per event the place (from 1) of its account there.
-- p_at: milliseconds since the epoch. Of p_cached, p_images, p_image_size and p_hold, null stands for a whole array of
-- zeros or nulls.
--
-- Answers in arrays, which is quicker than a row each: one or two rows with the positions of the accounts that exist
-- (`places` in p_accounts, `outcomes` null); and one, when some event was not taken, with their places in p_event and
-- why: `duplicate`, `event_conflict`, `unknown_account`, or `unknown_hold` for a hold its account does not have (an id
-- that stands already is a duplicate all the same). A gate is its state and its reasons, joined by `/`.
create function post_usage(p_accounts text[], p_account int[], p_event text[], p_model text[], p_input bigint[],
                           p_cached bigint[], p_output bigint[], p_images bigint[], p_image_size text[],
                           p_at bigint[], p_cost bigint[], p_hold uuid[])
returns table (places int[], outcomes text[], available bigint[], watermarks bigint[], wakes boolean[],
               gates text[], gate_versions bigint[], reloads_due_ms bigint[])
language plpgsql
-- What is looked up here is few rows among millions: never by reading a whole table.
set enable_hashjoin = off set enable_mergejoin = off
as $$
#variable_conflict use_column
declare
  v_posting constant bigint := nextval('usage_postings');
  v_accounts constant int := cardinality(p_accounts);
  -- Of the accounts that exist, and are locked.
  v_known int[];
  -- By place in p_accounts; null for what does not exist.
  v_sequences bigint[];
  -- By place: the event names a hold that its account does not have.
  v_strays boolean[];
  v_taken int;
  v_moved int[];
begin
  select array_agg(l.place order by l.place), array_agg(l.sequence order by l.place) into v_known, v_sequences
  from (select a.place::int, b.sequence from unnest(p_accounts) with ordinality a(id, place) join balances b on b.account_id = a.id
        order by b.account_id for no key update of b) l;
  if coalesce(cardinality(v_known), 0) < v_accounts then
    v_sequences := (select array_agg(v_sequences[array_position(v_known, place)] order by place) from generate_series(1, v_accounts) place);
  end if;

  if p_hold is not null then
    select array_agg(e.hold_id is not null and h.id is null order by e.place) into v_strays
    from unnest(p_account, p_hold) with ordinality as e(account, hold_id, place)
    left join holds h on h.id = e.hold_id and h.account_id = p_accounts[e.account];
  end if;

  with fresh as materialized (
    -- The first of equal ids in one commit counts.
    select distinct on (e.account, e.event_id collate "C")
           p_accounts[e.account] as account_id, v_sequences[e.account] + 1 as sequence, e.*
    from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size, p_at, p_cost, p_hold)
      with ordinality as e(account, event_id, model, input, cached, output, images, image_size, at_ms, cost, hold_id, place)
    where v_sequences[e.account] is not null and v_strays[e.place::int] is not true
      and not exists (select from usage_events u where u.account_id = p_accounts[e.account] and u.event_id = e.event_id)
    order by e.account, e.event_id collate "C", e.place
  ), inserted as (
    insert into usage_events (account_id, event_id, sequence, posting, model, input_tokens, cached_input_tokens,
                              output_tokens, images, image_size, hold_id, at, cost_nano)
    select account_id, event_id, sequence, v_posting, model, input, coalesce(cached, 0),
           output, coalesce(images, 0), image_size, hold_id, to_timestamp(at_ms / 1000.0::float8), cost
    from fresh
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
    update balances b set balance_nano = b.balance_nano - s.cost, held_nano = b.held_nano - s.freed, sequence = b.sequence + 1
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
               when u.event_id is null then 'unknown_hold'
               when (u.model, u.input_tokens, u.cached_input_tokens, u.output_tokens, u.images, u.image_size)
                 is not distinct from (e.model, e.input, coalesce(e.cached, 0), e.output, coalesce(e.images, 0), e.image_size) then 'duplicate'
               else 'event_conflict' end as outcome
        from (
          select *, row_number() over (partition by account, event_id, stray order by place) as nth
          from (
            select *, v_strays[place::int] is true as stray
            from unnest(p_account, p_event, p_model, p_input, p_cached, p_output, p_images, p_image_size)
              with ordinality as e(account, event_id, model, input, cached, output, images, image_size, place)
          ) e
        ) e
        left join usage_events u on u.account_id = p_accounts[e.account] and u.event_id = e.event_id
        -- What this commit has inserted, it was taken for; the first of equal ids was.
        where not (e.nth = 1 and not e.stray and u.posting is not distinct from v_posting)
      ) t;
  end if;
end $$;
insert into migrations (name) values ('000170-lighter-posting.sql');
