-- How many requests of an account's batches were handed out in each second: the last minute's are kept below its limit (L5).
create table batch_claims (
  account_id text not null references accounts,
  second timestamptz not null,
  requests int not null check (requests > 0),
  primary key (account_id, second)
);
