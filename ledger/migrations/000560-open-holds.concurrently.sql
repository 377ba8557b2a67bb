-- An account's open holds are counted whenever one is placed.
drop index concurrently if exists holds_open;
create index concurrently holds_open on holds (account_id) where status = 'open';
