-- The eight bytes that a usage event is looked up by. Planned as if its text stood in the query, so that the index
-- usage_events_key is used. Different ids may share them: whoever looks compares the ids too.
create or replace function usage_key(p_account text, p_event text) returns bigint language sql immutable as $$
  select hashtextextended(p_account || ' ' || p_event, 0);
$$;
