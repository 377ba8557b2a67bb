-- Posts one line, once per key: asked again with the same content, it returns the existing line; with other content, it
-- raises an error. It locks the account's position first, so that everybody who moves an account's money waits in line.
create or replace function post_line(p_account text, p_kind text, p_counterparty text, p_amount bigint, p_key text,
                                     p_reference text, p_description text)
returns table (line ledger_lines, posted boolean) language plpgsql as $$
declare
  existing ledger_lines;
  moved balances;
begin
  perform 1 from balances where account_id = p_account for no key update;
  if not found then
    raise exception 'no account %', p_account using errcode = 'foreign_key_violation';
  end if;
  select * into existing from ledger_lines where key = p_key and kind <> 'usage';
  if found then
    if (existing.account_id, existing.kind, existing.amount_nano) is distinct from (p_account, p_kind, p_amount) then
      raise exception 'ledger key % stands with other content', p_key using errcode = 'unique_violation';
    end if;
    return query select existing, false;
    return;
  end if;
  update balances set balance_nano = balance_nano + p_amount, sequence = sequence + 1
    where account_id = p_account returning * into moved;
  insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    values (p_account, moved.sequence, p_kind, p_counterparty, p_amount, moved.balance_nano, p_key, p_reference, p_description)
    returning * into existing;
  return query select existing, true;
end $$;
