-- A claim could not read the job's input: until then executors are sent to other jobs, as to those that had no money (L4).
alter table batches add column unreadable_until timestamptz not null default '-infinity';
