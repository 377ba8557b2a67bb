-- Of an account's payments, what is asked at each decision is found without those that ended long ago (A7, A12): what is
-- not decided, and what was paid since some time. Reloads are not walked through for a list of prepayments.
drop index concurrently if exists payments_undone;
create index concurrently payments_undone on payments (account_id)
  where status in ('processing', 'requires_action', 'quarantined');
drop index concurrently if exists payments_paid;
create index concurrently payments_paid on payments (account_id, settled_at desc, id);
drop index concurrently if exists payments_prepayments;
create index concurrently payments_prepayments on payments (account_id, created_at desc, id desc)
  where purpose = 'prepayment';
drop index concurrently if exists refund_requests_undecided;
create index concurrently refund_requests_undecided on refund_requests (account_id) where status = 'requested';
