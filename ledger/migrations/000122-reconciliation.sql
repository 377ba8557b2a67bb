-- Reconciliation (P6): how far it has come, and what it could not explain. One row.
create table reconciliation (
  id boolean primary key default true check (id),
  -- Stripe's events were read up to here, and every credit settled before it was found paid.
  scanned_until timestamptz,
  -- When the whole ledger was last checked against the invariants.
  checked_at timestamptz
);
insert into reconciliation default values;

-- Looked at again by every run until it is explained.
create table unexplained (
  payment_intent_id text primary key,
  kind text not null check (kind in ('paid_twice', 'paid_unknown', 'amount_differs', 'credited_without_payment', 'sum_differs')),
  account_id text,
  detail text not null,
  first_seen_at timestamptz not null default now()
);

create index payments_not_final on payments (payment_intent_id) where status in ('processing', 'requires_action');
create index payments_settled on payments (settled_at) where status = 'succeeded';
