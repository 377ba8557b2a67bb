-- So that admins find accounts quickly among very many: by age, and those that something is wrong with, which are few.
-- The columns of the last two change rarely, so usage still updates a row of `balances` in place.
create index accounts_newest on accounts (created_at desc, id desc);
create index account_states_halted on account_states (account_id) where status in ('paused', 'disabled_after_failures');
create index balances_suspended on balances (account_id) where gate_state = 'suspended';
