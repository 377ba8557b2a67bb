-- Closing an account: it is closed to everything new at once; money, customer and personal data follow, and then it is done.
alter table accounts
  -- Since when nothing new is begun for it.
  add column closing_at timestamptz,
  -- What becomes of the money that is left, and why, as an admin has said last.
  add column closing_balance text check (closing_balance in ('refund', 'forfeit')),
  add column closing_reason text,
  -- When it was done.
  add column closed_at timestamptz,
  add check (closed_at is null or closing_at is not null);

alter table suspensions
  drop constraint suspensions_reason_check,
  add check (reason in ('admin_suspended', 'payment_disputed', 'account_closed'));
