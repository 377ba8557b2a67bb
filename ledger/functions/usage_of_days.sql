-- An account's usage by day, model and kind from p_from to p_to, both inclusive, null for no bound: what is summed, and
-- the events of postings that are not. Exact at any moment, as one statement sees one moment. Several rows may be of one
-- day, model and kind; what was reversed comes as a row that subtracts.
create or replace function usage_of_days(p_account text, p_from date, p_to date)
returns table (day date, model text, kind text, requests bigint, input_tokens bigint, output_tokens bigint, images bigint,
               cost_nano bigint)
language sql stable as $$
  select d.day, d.model, d.kind, d.requests, d.input_tokens, d.output_tokens, d.images, d.cost_nano
  from usage_days d
  where d.account_id = p_account and (p_from is null or d.day >= p_from) and (p_to is null or d.day <= p_to)
  union all
  select (u.at at time zone 'UTC')::date, u.model, u.kind, 1, u.input_tokens, u.output_tokens, u.images, u.cost_nano
  from usage_unsummed n join usage_events u on u.posting = n.posting and u.account_id = p_account
  where (p_from is null or u.at >= p_from::timestamp at time zone 'UTC')
    and (p_to is null or u.at < (p_to + 1)::timestamp at time zone 'UTC');
$$;
