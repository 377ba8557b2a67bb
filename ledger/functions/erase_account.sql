-- Erases whatever is personal of an account that is closed: its members, their keys, where they were written to, who did
-- what. What is the ledger's stays. Runs as the owner of the tables: the service's own role may change no record. This is the one place that says what is personal; repeated it changes nothing.
create or replace function erase_account(p_account text) returns void language sql security definer
set search_path from current
as $$
  update audit set actor = erased_text(actor), details = erased_details(action, details)
    where account_id = p_account;
  update decisions set because = erased_text(because), known = erased_text(known::text)::jsonb
    where account_id = p_account;
  update consents set actor = erased_text(actor) where account_id = p_account;
  update refund_requests set actor = erased_text(actor) where account_id = p_account;
  update payments set actor = erased_text(actor), action_url = null where account_id = p_account;

  delete from dev_mailbox where substr(message_id, 2, 36) in (select id::text from notices where account_id = p_account);
  delete from notice_deliveries where status = 'pending' and notice_id in (select id from notices where account_id = p_account);
  update notice_deliveries d set recipient = 'erased ' || e.nth, last_error = null
    from (select notice_id, recipient, row_number() over (partition by notice_id order by recipient) as nth
          from notice_deliveries where notice_id in (select id from notices where account_id = p_account)) e
    where d.notice_id = e.notice_id and d.recipient = e.recipient and d.recipient not like 'erased %';
  update notices set data = erased_text((data - 'by' - 'url' - 'note' - 'reason')::text)::jsonb where account_id = p_account;

  delete from webhook_secrets where endpoint_id in (select id from webhook_endpoints where account_id = p_account);
  update webhook_deliveries set last_error = null
    where endpoint_id in (select id from webhook_endpoints where account_id = p_account);
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
  -- What files and datasets say goes from the store after that (workers/batchFiles.ts).
  update evaluation_datasets set actor = erased_text(actor), removed_at = least(removed_at, now()) where account_id = p_account;
  update files set actor = erased_text(actor), filename = 'erased', removed_at = least(removed_at, now()) where account_id = p_account;
  update batches set actor = erased_text(actor), metadata = null where account_id = p_account;
  update accounts set stripe_customer_id = null where id = p_account;
$$;

-- What runs as the owner is for the roles that were let, not for everybody.
revoke execute on function erase_account(text) from public;
