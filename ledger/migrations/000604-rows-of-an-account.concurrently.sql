-- What an account has is found by it, also of what it has removed: not by a walk through the rows of all accounts.
drop index concurrently if exists payment_methods_account;
create index concurrently payment_methods_account on payment_methods (account_id);
drop index concurrently if exists members_account;
create index concurrently members_account on members (account_id);
drop index concurrently if exists members_sign_in;
-- Of all members, removed ones too: Postgres takes no statistics of an expression from a part of the rows.
create index concurrently members_sign_in on members (lower(email));
drop index concurrently if exists webhook_endpoints_of_account;
create index concurrently webhook_endpoints_of_account on webhook_endpoints (account_id);
drop index concurrently if exists webhook_endpoints_account;
drop index concurrently if exists disputes_of_account;
create index concurrently disputes_of_account on disputes (account_id);
drop index concurrently if exists disputes_account;
drop index concurrently if exists disputes_payment;
create index concurrently disputes_payment on disputes (payment_id);
drop index concurrently if exists api_keys_of_environment;
create index concurrently api_keys_of_environment on api_keys (id) where of_environment;
drop index concurrently if exists files_never_kept;
create index concurrently files_never_kept on files (created_at) where bytes = 0 and erased;
