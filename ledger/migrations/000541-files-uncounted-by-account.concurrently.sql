-- Files are counted by accounts in turn: the oldest of the next account that has one is found without looking at the others (L5).
drop index concurrently if exists files_uncounted;
create index concurrently files_uncounted on files (account_id, created_at)
  where purpose = 'batch' and input_tokens is null and removed_at is null;
