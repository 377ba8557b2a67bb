-- Checkout and confirmation: the page an owner is sent to, and the session that Checkout knows a prepayment by.
alter table payments
  add column checkout_session_id text unique,
  -- Checkout's page, or the bank's that asks for confirmation (P2).
  add column action_url text,
  -- How often Stripe gave no answer to creating the session: the next try goes under a key of its own, as Stripe keeps
  -- even a 500 under a key.
  add column checkout_looks int not null default 0;

-- Prepayments that wait for their owner: the relay looks for those that nobody has given up in time.
create index payments_awaiting on payments (created_at) where status = 'requires_action' and purpose = 'prepayment';
