-- Both entries of each line: the account on one side, the counterparty on the other. They sum to zero by key.
create or replace view ledger_entries as
  select account_id as ledger_account, amount_nano, key, account_id, sequence, at from ledger_lines
  union all
  select counterparty, -amount_nano, key, account_id, sequence, at from ledger_lines;
