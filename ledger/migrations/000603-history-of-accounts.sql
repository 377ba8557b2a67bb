-- Whose an attempt is, so that an account's newest are found without a look at all of its payments (C2): the trigger
-- payment_attempts_of_account says it, and a worker of attempts from before.
alter table payment_attempts add column account_id text;

-- How far the history of an account that is being closed is erased, for each table whose rows grow with its age.
create table erasures (
  account_id text not null references accounts (id),
  part text not null,
  -- The last time or number that was erased.
  mark text not null,
  primary key (account_id, part)
);
