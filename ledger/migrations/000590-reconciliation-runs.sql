-- A run of reconciliation moves the mark only in the database in which it began: one that was put back to an older backup
-- meanwhile has lost the run, and with it what the run had found done (P6, O4).
alter table reconciliation add column runs uuid[] not null default '{}';
