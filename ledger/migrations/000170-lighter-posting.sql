-- Makes a commit of usage lighter, without changing what it guarantees.

-- A posting is one commit's worth of usage. Its number grows, so the index that leads from a ledger line to its events
-- grows at one end only, where an index by account would be touched in as many places as a commit has accounts.
create sequence usage_postings;
alter table usage_events add column posting bigint;
do $$ begin
  -- The trigger that refuses changes is there in a database of an earlier build only.
  if exists (select from pg_trigger where tgname = 'usage_events_append_only') then
    alter table usage_events disable trigger usage_events_append_only;
  end if;
  update usage_events set posting = sequence; -- as their lines' references say
  if exists (select from pg_trigger where tgname = 'usage_events_append_only') then
    alter table usage_events enable trigger usage_events_append_only;
  end if;
end $$;
alter table usage_events alter column posting set not null;
select setval('usage_postings', max(posting)) from usage_events having max(posting) is not null; -- none is given again
drop index usage_events_line;
create index usage_events_posting on usage_events (posting);

-- A usage line's key follows from its primary key, so it is unique without an index of its own. A lookup by key says
-- `kind <> 'usage'`, or names another kind: then it goes by the index.
alter table ledger_lines drop constraint ledger_lines_key_key;
create unique index ledger_lines_key on ledger_lines (key) where kind <> 'usage';
alter table ledger_lines add check (case when kind = 'usage' then key = 'usage/' || account_id || '/' || sequence
                                         else key not like 'usage/%' end);
