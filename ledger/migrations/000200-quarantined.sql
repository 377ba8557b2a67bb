-- A payment whose money is not what was asked has a status of its own: Stripe has taken it, nothing is credited, and an
-- operator looks. As `failed` it was answered as if nothing had been charged.
alter table payments
  drop constraint payments_status_check,
  add check (status in ('processing', 'requires_action', 'succeeded', 'failed', 'canceled', 'quarantined')),
  -- What was received, and what was asked; kept when the quarantine is over.
  add column quarantined_because text,
  add check (status <> 'quarantined' or quarantined_because is not null);

-- Those that earlier releases quarantined: their decision says so. Reconciliation looks at them, and ends what was refunded.
update payments p set status = 'quarantined', quarantined_because = d.because
from decisions d where d.id = 'set-aside/' || p.id and p.status = 'failed';

create index payments_quarantined on payments (payment_intent_id) where status = 'quarantined';
