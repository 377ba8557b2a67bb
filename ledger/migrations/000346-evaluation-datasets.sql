-- A dataset's row goes with its content, so that a refused upload leaves neither; pages of the list begin after a number (L7).
alter table evaluation_datasets drop column erased, add column number bigint generated always as identity unique;
create index evaluation_datasets_removed on evaluation_datasets (removed_at) where removed_at is not null;
create index evaluation_datasets_newest on evaluation_datasets (account_id, number desc) where removed_at is null;
drop index evaluation_datasets_account;
