-- What an account has uploaded is counted at each upload, under its lock, and listed by purpose: outputs of batches, of
-- which there may be a million, are not walked through (L2).
drop index concurrently if exists files_uploaded;
create index concurrently files_uploaded on files (account_id, created_at, id) include (bytes)
  where purpose = 'batch' and removed_at is null;
