-- What is taken back: refunds that admins ask for, disputes as Stripe last told of them.

-- The lines that take a payment's money back, found by the payment.
create index ledger_lines_taken_back on ledger_lines (reference)
  where kind in ('refund', 'refund_reversal', 'dispute', 'dispute_reversal');

-- Written before Stripe is asked. What is `requested` may have been made: its cents are not given out again until it is
-- known. Its id goes to Stripe with the refund, so that it is found there whatever became of the answer.
create table refund_requests (
  id uuid primary key,
  account_id text not null references accounts,
  payment_id uuid not null references payments,
  idempotency_key text not null,
  request_hash text not null,
  amount_cents bigint not null check (amount_cents > 0),
  status text not null default 'requested' check (status in ('requested', 'made', 'refused')),
  -- Names the request at Stripe: raised when Stripe has answered and made nothing, as it keeps even a 500 under a key.
  tries int not null default 1,
  refund_id text unique,
  actor text not null,
  requested_at timestamptz not null default now(),
  unique (account_id, idempotency_key),
  check ((status = 'made') = (refund_id is not null))
);
create index refund_requests_payment on refund_requests (payment_id);
create index refund_requests_open on refund_requests (requested_at) where status = 'requested';

create table disputes (
  id text primary key,
  account_id text not null references accounts,
  payment_id uuid not null references payments,
  state text not null check (state in ('inquiry', 'open', 'won', 'lost')),
  amount_cents bigint not null,
  -- A reason for `payment_disputed`, until it is won or an admin lifts it.
  suspends boolean not null,
  seen_at timestamptz not null default now()
);
create index disputes_account on disputes (account_id) where suspends;
create index disputes_open on disputes (seen_at) where state in ('inquiry', 'open');
