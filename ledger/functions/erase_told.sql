-- Erases to whom a mail of an account that is being closed went, as soon as no try of it is left, whoever ends it. Runs as
-- the owner of the tables, as `erase_account` does.
create or replace function erase_told() returns trigger language plpgsql security definer
set search_path from current
as $$
begin
  if exists (select from notices n join accounts a on a.id = n.account_id where n.id = new.notice_id and a.closing_at is not null) then
    new.recipient := 'erased ' || gen_random_uuid();
    new.last_error := null;
    delete from dev_mailbox where substr(message_id, 2, 36) = new.notice_id::text;
  end if;
  return new;
end $$;

create or replace trigger notice_deliveries_erased before update of status on notice_deliveries
for each row when (old.status = 'pending' and new.status <> 'pending') execute function erase_told();

-- What runs as the owner is for its trigger only.
revoke execute on function erase_told() from public;
