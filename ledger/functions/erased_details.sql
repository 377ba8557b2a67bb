-- What an audit entry keeps of its details: what was done, not to whom or where.
create or replace function erased_details(p_action text, p_details jsonb) returns jsonb language sql immutable as $$
  select erased_text((case when p_action like 'member.%' then p_details - 'name' else p_details - 'members' - 'url' end)::text)::jsonb;
$$;
