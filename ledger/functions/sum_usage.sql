-- Adds the events of at most so many postings to the sums per day, oldest first; answers how many postings it has taken.
-- Taking and adding are one transaction: who reads the sums and what is unsummed in one statement counts each event
-- once. Only one call works at a time; the others answer 0.
create or replace function sum_usage(p_postings_max int) returns int language plpgsql
-- Postings are few among millions, whatever the statistics of a new month say.
set enable_seqscan = off
as $$
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
end $$;
