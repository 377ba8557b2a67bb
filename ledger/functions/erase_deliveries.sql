-- Erases to whom an account's notices of some time were sent, and what was answered. What waits and tells of money, or that
-- access has ended, is still sent: `erase_told` erases its address. What else waits is not sent any more. A part of
-- `erase_history`.
create or replace function erase_deliveries(p_account text, p_after timestamptz, p_until timestamptz) returns void language plpgsql
as $$
declare
  v_notices constant uuid[] := array(
    select id from notices where account_id = p_account and at > p_after and at <= p_until);
begin
  delete from dev_mailbox where substr(message_id, 2, 36) = any (v_notices::text[]);
  delete from notice_deliveries where status = 'pending' and notice_id in (
    select id from notices where id = any (v_notices) and kind not in ('refund', 'dispute', 'reload_succeeded', 'suspended'));
  update notice_deliveries d set recipient = 'erased ' || e.nth, last_error = null
    from (select notice_id, recipient, row_number() over (partition by notice_id order by recipient) as nth
          from notice_deliveries where notice_id = any (v_notices)) e
    where d.notice_id = e.notice_id and d.recipient = e.recipient and d.recipient not like 'erased %' and d.status <> 'pending';
  update webhook_deliveries set last_error = null where notice_id = any (v_notices) and last_error is not null;
end $$;

