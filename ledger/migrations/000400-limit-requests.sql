-- Limit requests are decided by admins, each with a workflow that reminds them (L6).

-- Null: its workflow is to be started, looked for, or told of the decision.
alter table limit_requests add column ended_at timestamptz;
comment on column limit_requests.reminders is 'How many mails the admins were due so far, the first included.';
drop index limit_requests_pending;
create index limit_requests_to_start on limit_requests (start_at) where ended_at is null;
create index limit_requests_pending on limit_requests (account_id) where status = 'pending';
