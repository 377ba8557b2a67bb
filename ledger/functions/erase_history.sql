-- Erases what is personal in what grows with an account's age, oldest first: of one table about p_rows rows that were not
-- looked at before, by whomever. Says whether there may be more. A closing calls it until there is not, and so holds no
-- lock, the account's least of all, for as long as the account is old; then `erase_account`, which calls it without a
-- limit for what has come meanwhile. Runs as the owner, as that does.
create or replace function erase_history(p_account text, p_rows int) returns boolean language plpgsql security definer
set search_path from current
as $$
declare
  -- What was begun before has been committed, or never will be: nothing appears behind a mark. Decisions are numbered
  -- under the account's lock.
  v_before constant timestamptz := case when p_rows is null then 'infinity' else now() - interval '10 minutes' end;
  part record;
  v_from text;
  v_until text;
begin
  for part in
    select *, key = 'number' as is_number, case key when 'number' then 'bigint' else 'timestamptz' end as type from (values
      ('audit', 'at', 'actor, details', 'erased_text(actor), erased_details(action, details)'),
      ('decisions', 'number', 'because, known', 'erased_text(because), erased_text(known::text)::jsonb'),
      ('consents', 'at', 'actor', 'erased_text(actor)'),
      ('refund_requests', 'requested_at', 'actor', 'erased_text(actor)'),
      ('payments', 'created_at', 'actor, action_url', 'erased_text(actor), null::text'),
      ('notices', 'at', 'data', $v$erased_text((data - 'by' - 'url' - 'note' - 'reason')::text)::jsonb$v$),
      -- What files and datasets say goes from the store after that (workers/batchFiles.ts).
      ('evaluation_datasets', 'created_at', 'actor, removed_at', 'erased_text(actor), least(removed_at, now())'),
      ('files', 'created_at', 'actor, filename, removed_at', $v$erased_text(actor), 'erased', least(removed_at, now())$v$),
      ('batches', 'created_at', 'actor, metadata', 'erased_text(actor), null::jsonb')
    ) parts(name, key, columns, erased)
  loop
    insert into erasures (account_id, part, mark)
      values (p_account, part.name, case when part.is_number then '0' else '-infinity' end) on conflict do nothing;
    -- Who erases the same account meanwhile goes on behind it.
    select mark into v_from from erasures where account_id = p_account and erasures.part = part.name for update;
    execute format('select max(key)::text from (select %1$I as key from %2$I where account_id = $1 and %1$I > $2::%3$s and coalesce(%4$s < $3, true) order by %1$I limit $4) next',
        part.key, part.name, part.type, case when part.is_number then 'null::timestamptz' else part.key end)
      into v_until using p_account, v_from, v_before, p_rows;
    if v_until is null then continue; end if;

    execute format('update %1$I set (%2$s) = row(%3$s) where account_id = $1 and %4$I > $2::%5$s and %4$I <= $3::%5$s and (%2$s) is distinct from (%3$s)',
        part.name, part.columns, part.erased, part.key, part.type)
      using p_account, v_from, v_until;
    if part.name = 'notices' then perform erase_deliveries(p_account, v_from::timestamptz, v_until::timestamptz); end if;
    update erasures set mark = v_until where account_id = p_account and erasures.part = part.name;
    if p_rows is not null then return true; end if;
  end loop;
  return false;
end $$;

-- What runs as the owner is for the roles that were let, not for everybody.
revoke execute on function erase_history(text, int) from public;
