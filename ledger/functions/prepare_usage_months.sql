-- Makes the partitions of usage_events for this month (UTC) and the next two, where they are missing; answers their
-- names. Fails if usage of such a month has gone to usage_events_other, which only happens after months without a
-- worker: it stays there, and is found there.
create or replace function prepare_usage_months() returns setof text language sql as $$
  select name from (
    select create_usage_month(to_char(now() at time zone 'UTC' + make_interval(months => ahead), 'YYYY-MM')) as name
    from generate_series(0, 2) ahead) made
  where name is not null;
$$;
