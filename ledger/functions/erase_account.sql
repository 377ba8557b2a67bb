-- Erases whatever is personal of an account that is closed: its members, their keys, where they were written to, who did
-- what. What is the ledger's stays. Runs as the owner of the tables: the service's own role may change no record. With
-- `erase_history` this is the one place that says what is personal; repeated it changes nothing.
create or replace function erase_account(p_account text) returns void language sql security definer
set search_path from current
as $$
  select erase_history(p_account, null);
  delete from erasures where account_id = p_account;

  delete from webhook_secrets where endpoint_id in (select id from webhook_endpoints where account_id = p_account);
  -- What failed since its notice was passed, and tests, which have none.
  update webhook_deliveries set last_error = null
    where last_error is not null and endpoint_id in (select id from webhook_endpoints where account_id = p_account);
  update webhook_endpoints set url = 'erased', disabled_because = null, removed_at = coalesce(removed_at, now())
    where account_id = p_account;

  delete from sessions where member_id in (select id from members where account_id = p_account)
    or key_id in (select k.id from api_keys k join members m on m.id = k.member_id where m.account_id = p_account);
  delete from sign_ins where lower(email) in (select lower(email) from members where account_id = p_account)
    or key_id in (select k.id from api_keys k join members m on m.id = k.member_id where m.account_id = p_account);
  update api_keys set name = 'erased', revoked_at = coalesce(revoked_at, now())
    where member_id in (select id from members where account_id = p_account);
  update members set name = 'erased', email = 'erased', removed_at = coalesce(removed_at, now()) where account_id = p_account;
  update payment_methods set role = null, last4 = '', exp_month = null, exp_year = null, fingerprint = null,
    removed_at = coalesce(removed_at, now()) where account_id = p_account;
  delete from dedicated_endpoints where account_id = p_account;
  -- What still waits is denied, so that its workflow ends; the limits that were granted stay.
  update limit_requests set actor = erased_text(actor), reason = 'erased', note = null, member_id = null,
      decided_by = coalesce(erased_text(decided_by), 'closing'), decided_at = coalesce(decided_at, now()),
      start_at = case when status = 'pending' then now() else start_at end,
      status = case when status = 'pending' then 'denied' else status end
    where account_id = p_account;
  update accounts set stripe_customer_id = null where id = p_account;
$$;

-- What runs as the owner is for the roles that were let, not for everybody.
revoke execute on function erase_account(text) from public;
