-- An attempt is of the account of its payment. A process of the release before does not say so itself.
create or replace function own_attempt() returns trigger language plpgsql as $$
begin
  new.account_id := (select account_id from payments where id = new.payment_id);
  return new;
end $$;

create or replace trigger payment_attempts_of_account before insert on payment_attempts
  for each row execute function own_attempt();
