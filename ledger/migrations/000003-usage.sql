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
