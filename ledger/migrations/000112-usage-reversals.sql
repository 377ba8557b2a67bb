-- A reversal is for ever, as the event it gives back (B6); `sequence` is the ledger line that did.
create unique index usage_reversals_line on usage_reversals (account_id, sequence);
