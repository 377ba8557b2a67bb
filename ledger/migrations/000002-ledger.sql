-- The money: a position per account, the append-only lines it follows from, and the gate derived from it.

-- The position is the ledger's running sum. `watermark` grows with each change of balance or held: a signal that
-- carries it can be lost, repeated or reordered without harm. It is hot, so it is narrow and updated in place (HOT).
create table balances (
  account_id text primary key references accounts,
  balance_nano bigint not null default 0,
  held_nano bigint not null default 0 check (held_nano >= 0),
  sequence bigint not null default 0,
  watermark bigint not null default 0,

  -- At or below: what the gate calls low (S4), and whose crossing wakes the workflow (A3).
  low_level_nano bigint not null default 5000000000,
  trigger_level_nano bigint not null default 5000000000,
  -- admin_suspended, payment_disputed: copied here from `suspensions` by the transaction that changes them (S5).
  set_reasons text[] not null default '{}',
  -- When the reload in flight acts next; null when none is in flight.
  reload_due_at timestamptz,

  -- Derived by the trigger balances_derive, never written by hand.
  gate_state text not null default 'suspended' check (gate_state in ('ok', 'low', 'reloading', 'suspended')),
  gate_reasons text[] not null default '{}',
  gate_version bigint not null default 0,
  gate_changed_xid xid8 not null default '0',

  -- What the workflow has folded. `news` counts what it must read again for: payments, methods, reasons.
  news bigint not null default 1,
  folded_news bigint not null default 0,
  folded_available_nano bigint not null default 0,
  -- Counts the snapshots that workflows have taken, so that of two the newer one is known.
  revision bigint not null default 0,
  wake boolean not null default true
) with (fillfactor = 50);
create index balances_gate_changed on balances (gate_changed_xid);
create index balances_wake on balances (account_id) where wake;

create table suspensions (
  account_id text not null references accounts,
  reason text not null check (reason in ('admin_suspended', 'payment_disputed')),
  note text not null,
  actor text not null,
  at timestamptz not null default now(),
  primary key (account_id, reason)
);

-- A line is both entries: the account on one side, the counterparty named on the other (view `ledger_entries`).
-- A counterparty is a name, never a row with a balance: such a row would make all accounts wait for each other.
-- No foreign key: lines are written only by post_line and post_usage, under the lock of the account's balances row.
create table ledger_lines (
  account_id text not null,
  sequence bigint not null check (sequence > 0),
  kind text not null check (kind in ('prepayment', 'reload', 'usage', 'adjustment', 'refund', 'refund_reversal',
                                     'dispute', 'dispute_reversal', 'usage_reversal')),
  counterparty text not null check (counterparty in ('payments', 'usage', 'adjustments')),
  amount_nano bigint not null,
  balance_after_nano bigint not null,
  key text not null unique,
  reference text not null,
  description text not null,
  at timestamptz not null default clock_timestamp(),
  primary key (account_id, sequence),
  check (case when kind in ('prepayment', 'reload', 'refund_reversal', 'dispute_reversal') then amount_nano > 0
              when kind in ('refund', 'dispute') then amount_nano < 0
              when kind = 'usage' then amount_nano <= 0
              when kind = 'usage_reversal' then amount_nano >= 0
              else amount_nano <> 0 end)
);
