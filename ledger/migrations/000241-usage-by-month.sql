-- Usage by month of its commit, with sums per day. What was posted before is one partition, that of the month in which
-- this runs: the rows get today's `taken_at` without being rewritten. Building the index reads them once.
alter table usage_events rename to usage_events_before;
alter table usage_events_before drop constraint usage_events_pkey;
alter table usage_events_before rename constraint usage_events_cost_nano_check to usage_events_cost;
drop index usage_events_posting;
drop trigger if exists usage_events_append_only on usage_events_before;
alter table usage_events_before
  add column kind text not null default 'text',
  add column taken_at timestamptz not null default now();
update usage_events_before set kind = 'image' where images > 0;
alter table usage_events_before alter column kind drop default;

-- `taken_at` is when the event was committed, which decides its partition; `at` is when it happened. The key (account,
-- event id) has no unique index: an account's commits wait for each other at its lock, and look for the id in all
-- partitions first. `sequence` is the ledger line that deducted the event, `posting` the commit.
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
  cost_nano bigint not null constraint usage_events_cost check (cost_nano >= 0),
  posting bigint not null,
  kind text not null constraint usage_events_kind check (kind in ('text', 'image', 'batch')),
  taken_at timestamptz not null default now()
) partition by range (taken_at);

-- Eight bytes of each id, looked up in every month that is kept: a quarter of the index by the ids themselves, so that
-- it fits in memory. Whoever finds something compares the ids.
create index usage_events_key on usage_events (hashtextextended(account_id || ' ' || event_id, 0));
-- From a commit, or a line of it, to the events. It grows at one end only.
create index usage_events_posting on usage_events (posting, account_id);

-- What the months have no partition for goes here: usage is never refused for want of a table.
create table usage_events_other partition of usage_events default;

do $$
declare
  this_month constant timestamp := date_trunc('month', now() at time zone 'UTC');
  name constant text := 'usage_events_' || to_char(this_month, 'YYYY_MM');
begin
  execute format('alter table usage_events_before rename to %I', name);
  execute format('alter table %I add constraint usage_events_kind check (kind in (''text'', ''image'', ''batch''))', name);
  execute format('alter table usage_events attach partition %I for values from (%L) to (%L)', name,
                 this_month at time zone 'UTC', (this_month + interval '1 month') at time zone 'UTC');
end $$;

-- Sums per account, UTC day of `at`, model and kind (B7), without what was reversed. A commit enters its posting in
-- usage_unsummed; a worker takes postings from there and adds their events here, in one transaction. So the sums here
-- and the events of the postings there are all usage, each event once, at any moment. A reversal subtracts here at once.
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
  primary key (account_id, day, model, kind)
) with (fillfactor = 70);

create table usage_unsummed (posting bigint primary key)
  with (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000);
insert into usage_unsummed select distinct posting from usage_events;

alter table usage_reversals add column posting bigint;
do $$
declare
  guarded constant boolean := exists (select from pg_trigger where tgname = 'usage_reversals_append_only');
begin
  if guarded then alter table usage_reversals disable trigger usage_reversals_append_only; end if;
  update usage_reversals r set posting = u.posting from usage_events u where (u.account_id, u.event_id) = (r.account_id, r.event_id);
  if guarded then alter table usage_reversals enable trigger usage_reversals_append_only; end if;
end $$;
alter table usage_reversals alter column posting set not null;
insert into usage_days (account_id, day, model, kind, requests, input_tokens, output_tokens, images, cost_nano)
  select u.account_id, (u.at at time zone 'UTC')::date, u.model, u.kind, -count(*), -sum(u.input_tokens), -sum(u.output_tokens),
         -sum(u.images), -sum(u.cost_nano)
  from usage_reversals r join usage_events u using (account_id, event_id)
  group by 1, 2, 3, 4;

-- Months of events that have left for a file (B8). A month that was restored from its file stays until `kept_until`.
create table usage_archives (
  month text primary key check (month ~ '^\d{4}-\d{2}$'),
  file text not null,
  sha256 text not null,
  bytes bigint not null,
  events bigint not null,
  cost_nano numeric not null,
  first_posting bigint not null,
  last_posting bigint not null,
  written_at timestamptz not null default now(),
  -- When the events left the database; null while they are in it.
  dropped_at timestamptz,
  kept_until timestamptz
);

drop function if exists post_usage(text[], int[], text[], text[], bigint[], bigint[], bigint[], bigint[], text[], bigint[], bigint[], uuid[]);
