-- How many invariants the last check of the whole ledger found broken: whoever runs the product is told for as long as it is so,
-- also after the worker that has checked is gone (P6).
alter table reconciliation add column violations integer not null default 0;
