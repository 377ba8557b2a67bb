-- Posts a notice once per key: the notice, a mail to each owner, and a webhook to each endpoint that wants this kind.
create or replace function post_notice(p_account text, p_kind text, p_key text, p_data jsonb) returns void language sql as $$
  with notice as (
    insert into notices (account_id, kind, key, data) values (p_account, p_kind, p_key, p_data)
    on conflict (key) do nothing returning id
  ), mails as (
    insert into notice_deliveries (notice_id, recipient)
    select notice.id, m.email from notice, members m
    where m.account_id = p_account and m.role = 'owner' and m.removed_at is null
  )
  insert into webhook_deliveries (notice_id, endpoint_id)
  select notice.id, e.id from notice, webhook_endpoints e
  where e.account_id = p_account and e.removed_at is null and e.disabled_at is null and e.events && array['*', p_kind];
$$;
