-- Posts a commit's events in one round trip: each new event once, one line and one position update per account. The new
-- events of a hold give its money back and deduct their cost in the same update (B5); a hold that has ended stays as it
-- is, and the usage is posted all the same: it has happened.
--
-- Locks come first and in order of account id: then two posters never wait in a circle, what exists is committed and
-- seen by the statements after it, and whatever is not there can be inserted without a conflict. That is what makes an
-- id unique: no index does, as the months of usage_events have indexes of their own.
--
-- Who waits longer than a second for an account gets a lock timeout (55P03), and nothing is done. What else may be locked is
-- waited for as usual.
--
-- All ids are looked for at once, by eight bytes of each; most are new, so most commits look no further. Its posting is
-- entered in usage_unsummed, from where a worker adds its events to the sums per day.
--
-- p_accounts: distinct ids. p_account: per event the place (from 1) of its account there.
-- p_at: milliseconds since the epoch. Of p_cached, p_images, p_image_size and p_hold, null stands for a whole array of
-- zeros or nulls; of p_kind, for what the images say: `image` where there are some, else `text`.
-- p_freed: per account, what its new events free of its held money, in the same update as the hold of an event does: in two,
-- owners would be told of a rise and a fall that never were (count_falls). Nothing is freed where no event is new. Null: nothing.
--
-- Answers in arrays, which is quicker than a row each: one or two rows with the positions of the accounts that exist
-- (`places` in p_accounts, `outcomes` null); and one, when some event was not taken, with their places in p_event and
-- why: `duplicate`, `event_conflict`, `unknown_account`, `account_closed` for an account that is closed or about to be, or
-- `unknown_hold` for a hold its account does not have (an id that exists already is a duplicate all the same). A gate is
-- its state and its reasons, joined by `/`.
create or replace function post_usage(p_accounts text[], p_account int[], p_event text[], p_model text[], p_input bigint[],
                           p_cached bigint[], p_output bigint[], p_images bigint[], p_image_size text[],
                           p_at bigint[], p_cost bigint[], p_hold uuid[], p_kind text[], p_freed bigint[] default null)
returns table (places int[], outcomes text[], available bigint[], watermarks bigint[], wakes boolean[],
               gates text[], gate_versions bigint[], reloads_due_ms bigint[])
language plpgsql
-- What is looked up here is few rows among millions: never by reading a whole table. And never planned anew: for arrays
-- of a thousand that costs as much as the rest.
set enable_hashjoin = off set enable_mergejoin = off set enable_seqscan = off set plan_cache_mode = force_generic_plan
as $$
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
end $$;
