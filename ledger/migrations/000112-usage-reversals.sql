-- A reversal is for ever, as the event it gives back (B6); `sequence` is the ledger line that did.
create unique index usage_reversals_line on usage_reversals (account_id, sequence);
create trigger usage_reversals_append_only before update or delete or truncate on usage_reversals
  for each statement execute function refuse_change();
