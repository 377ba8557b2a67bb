-- What is not usage of an account's ledger, to list or sum it without reading past all its usage: few rows each.
create index ledger_lines_without_usage on ledger_lines (account_id, sequence) where kind <> 'usage';
