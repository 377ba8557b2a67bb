-- What could not be canceled at Stripe: shown to operators until it is, as no reload opens before (A7).
alter table payments
  add column cancel_tries int not null default 0,
  -- Of the first try that failed.
  add column cancel_failed_at timestamptz,
  -- Of the newest.
  add column cancel_failed_because text,
  -- When it is tried again.
  add column cancel_due_at timestamptz;

alter table unexplained
  drop constraint unexplained_kind_check,
  add check (kind in ('paid_twice', 'paid_unknown', 'amount_differs', 'credited_without_payment', 'sum_differs', 'not_canceled'));
