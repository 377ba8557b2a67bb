-- An id is known for as long as its event is kept, and may be posted again after that (B8): a reversal is of one posting of
-- it, so the newer event can be reversed although the older one was (B6).
alter table usage_reversals drop constraint usage_reversals_pkey, add primary key (account_id, event_id, posting);
