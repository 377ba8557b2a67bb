-- A page of the timeline is read from the ends of these, each in the order of time (C2), and history is erased along them.
drop index concurrently if exists ledger_lines_by_time;
create index concurrently ledger_lines_by_time on ledger_lines (account_id, at) where kind <> 'usage';
drop index concurrently if exists decisions_by_time;
create index concurrently decisions_by_time on decisions (account_id, at);
drop index concurrently if exists audit_by_time;
create index concurrently audit_by_time on audit (account_id, at);
drop index concurrently if exists payment_attempts_by_time;
create index concurrently payment_attempts_by_time on payment_attempts (account_id, at);
drop index concurrently if exists consents_account;
create index concurrently consents_account on consents (account_id, at);
drop index concurrently if exists refund_requests_by_time;
create index concurrently refund_requests_by_time on refund_requests (account_id, requested_at);
drop index concurrently if exists files_by_time;
create index concurrently files_by_time on files (account_id, created_at);
drop index concurrently if exists evaluation_datasets_by_time;
create index concurrently evaluation_datasets_by_time on evaluation_datasets (account_id, created_at);
drop index concurrently if exists webhook_deliveries_in_error;
create index concurrently webhook_deliveries_in_error on webhook_deliveries (endpoint_id) where last_error is not null;
-- What still waits for one address, for the mail that takes others' place.
drop index concurrently if exists notice_deliveries_waiting;
create index concurrently notice_deliveries_waiting on notice_deliveries (recipient) where status = 'pending';
drop index concurrently if exists dev_mailbox_of_notice;
create index concurrently dev_mailbox_of_notice on dev_mailbox (substr(message_id, 2, 36));
