-- Posts a notice once per key: the notice, a mail to each owner whose address is confirmed, and a webhook to each endpoint
-- that wants this kind.
--
-- What comes and goes, and ends of batches, are mailed three times an hour at once; then the notices of twenty minutes
-- become one mail, the newest, which says of how many it tells. Money, and auto-reload turned off after failures, is never folded.
create or replace function post_notice(p_account text, p_kind text, p_key text, p_data jsonb) returns void language plpgsql as $$
declare
  v_notice uuid;
  v_busy boolean;
begin
  insert into notices (account_id, kind, key, data) values (p_account, p_kind, p_key, p_data)
    on conflict (key) do nothing returning id into v_notice;
  if v_notice is null then return; end if;

  v_busy := p_kind in ('low_balance', 'suspended', 'resumed', 'first_failed_attempt', 'disabled_by_owner', 'guard_reached', 'batch_ended')
    and 3 = (select count(*) from (
      select from notices where account_id = p_account and kind = p_kind and at > now() - interval '1 hour' and id <> v_notice
      limit 3) lately);

  with owners as (
    select email from members
    where account_id = p_account and role = 'owner' and removed_at is null and confirmed_at is not null
  ), folded as (
    update notice_deliveries d set status = 'folded' from notices n, owners o
    where v_busy and n.account_id = p_account and n.kind = p_kind and d.notice_id = n.id and d.recipient = o.email
      and d.status = 'pending' and d.attempts = 0 and d.next_attempt_at > now()
    returning d.recipient, d.next_attempt_at, d.folds
  ), waiting as (
    select recipient, min(next_attempt_at) as until, sum(folds + 1)::int as folds from folded group by recipient
  )
  insert into notice_deliveries (notice_id, recipient, next_attempt_at, folds)
  select v_notice, o.email, case when v_busy then coalesce(w.until, now() + interval '20 minutes') else now() end,
         coalesce(w.folds, 0)
  from owners o left join waiting w on w.recipient = o.email;

  insert into webhook_deliveries (notice_id, endpoint_id)
  select v_notice, e.id from webhook_endpoints e
  where e.account_id = p_account and e.removed_at is null and e.disabled_at is null and e.events && array['*', p_kind];
end $$;
