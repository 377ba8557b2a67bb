-- Whether a payment with this status could still be paid: its money may be on the way, and its headroom is reserved.
-- Planned as if its text stood in the query, so that indexes with the same condition are used.
create or replace function payment_is_open(p_status text) returns boolean language sql immutable as $$
  select p_status in ('processing', 'requires_action');
$$;
