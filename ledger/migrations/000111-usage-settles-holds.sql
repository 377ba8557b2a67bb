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
