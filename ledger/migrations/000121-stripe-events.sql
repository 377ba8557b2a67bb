-- Events of Stripe that were acted on, or were found to be no business of ours: a repeat is then known at once.
create table stripe_events (
  id text primary key,
  type text not null,
  -- The PaymentIntent, Checkout Session or payment method it is about.
  about text not null,
  account_id text,
  outcome text not null,
  received_at timestamptz not null default now()
);
