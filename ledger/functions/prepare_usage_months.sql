-- Makes the partitions of usage_events for this month (UTC) and the next two, where they are missing. Answers a row per
-- month that was made, with its table's name, or could not be made, with the reason; then usage of that month goes to
-- usage_events_other, and is moved when the month is made. One month never keeps the others from being made. `busy`: the
-- tables were not free, so the month can be made soon.
create or replace function prepare_usage_months() returns table (month text, made text, because text, busy boolean)
language plpgsql as $$
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
end $$;
