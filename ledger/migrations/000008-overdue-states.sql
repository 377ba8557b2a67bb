-- What waits for a time to come, for the relay: few rows at any moment.
create index account_states_waiting on account_states (account_id) where blocked_until is not null or told_suspended = 'due';
