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

  -- Derived by the trigger below, never written by hand.
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

-- Keeps the gate, its version and the wake mark true in the very transaction that changes what they follow from.
create function derive_position() returns trigger language plpgsql as $$
declare
  available bigint := new.balance_nano - new.held_nano;
begin
  if tg_op = 'UPDATE' and (new.balance_nano, new.held_nano) is distinct from (old.balance_nano, old.held_nano) then
    new.watermark := old.watermark + 1;
  end if;

  new.gate_reasons := case when available <= 0 then array['balance_exhausted'] else '{}' end || new.set_reasons;
  new.gate_state := case
    when cardinality(new.gate_reasons) > 0 then 'suspended'
    when new.reload_due_at is not null then 'reloading'
    when available <= new.low_level_nano then 'low'
    else 'ok' end;
  if tg_op = 'INSERT' or (new.gate_state, new.gate_reasons, new.reload_due_at)
      is distinct from (old.gate_state, old.gate_reasons, old.reload_due_at) then
    new.gate_version := new.gate_version + 1;
    new.gate_changed_xid := pg_current_xact_id();
    -- A poke without payload: Postgres folds equal ones of a transaction, and readers read the rows themselves.
    perform pg_notify('gates', '');
  end if;

  new.wake := new.news <> new.folded_news
    or (available <= 0) <> (new.folded_available_nano <= 0)
    or (available <= new.trigger_level_nano) <> (new.folded_available_nano <= new.trigger_level_nano);
  return new;
end $$;
create trigger balances_derive before insert or update on balances
  for each row execute function derive_position();

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
create trigger ledger_lines_append_only before update or delete or truncate on ledger_lines
  for each statement execute function refuse_change();

create view ledger_entries as
  select account_id as ledger_account, amount_nano, key, account_id, sequence, at from ledger_lines
  union all
  select counterparty, -amount_nano, key, account_id, sequence, at from ledger_lines;

-- Posts one line, once per key: again with the same content it returns the line that stands, with other content it
-- raises. Locks the account's position first: whoever moves an account's money waits in line.
create function post_line(p_account text, p_kind text, p_counterparty text, p_amount bigint, p_key text,
                          p_reference text, p_description text)
returns table (line ledger_lines, posted boolean) language plpgsql as $$
declare
  standing ledger_lines;
  moved balances;
begin
  perform 1 from balances where account_id = p_account for no key update;
  if not found then
    raise exception 'no account %', p_account using errcode = 'foreign_key_violation';
  end if;
  select * into standing from ledger_lines where key = p_key;
  if found then
    if (standing.account_id, standing.kind, standing.amount_nano) is distinct from (p_account, p_kind, p_amount) then
      raise exception 'ledger key % stands with other content', p_key using errcode = 'unique_violation';
    end if;
    return query select standing, false;
    return;
  end if;
  update balances set balance_nano = balance_nano + p_amount, sequence = sequence + 1
    where account_id = p_account returning * into moved;
  insert into ledger_lines (account_id, sequence, kind, counterparty, amount_nano, balance_after_nano, key, reference, description)
    values (p_account, moved.sequence, p_kind, p_counterparty, p_amount, moved.balance_nano, p_key, p_reference, p_description)
    returning * into standing;
  return query select standing, true;
end $$;
